package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetadataScenarios extends Scenario {
    @Test
    void s040_metadata_are_kept() {
        Map<String, String> metadata = Map.of("color", "blue", "size", "12");
        assertEquals(metadata, newQueue(metadata).metadata());
    }

    @Test
    void s041_setting_metadata_replaces_them_all() {
        Queue queue = newQueue(Map.of("color", "blue", "size", "12"));
        queue.setMetadata(Map.of("color", "red", "shape", "round"));
        assertEquals(Map.of("color", "red", "shape", "round"), queue.metadata());
        queue.setMetadata(Map.of());
        assertEquals(Map.of(), queue.metadata());
    }

    @Test
    void s042_names_are_the_same_in_any_case() {
        Queue queue = newQueue(Map.of("mixedCase", "one"));
        queue.setMetadata(Map.of("MixedCase", "two"));
        assertEquals(Map.of("mixedcase", "two"), lowerCase(queue.metadata()));
        // Were the names not the same, this would be a queue with other metadata.
        queue.create(Map.of("MIXEDCASE", "two"));
        assertEquals(Map.of("mixedcase", "two"), lowerCase(queue.metadata()));
    }

    private static Map<String, String> lowerCase(Map<String, String> metadata) {
        return metadata.entrySet().stream().collect(Collectors.toMap(
            pair -> pair.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue));
    }

    @Test
    void s043_a_name_that_is_no_identifier_is_refused() {
        Queue queue = newQueue();
        for (String name : List.of("1st", "a-b")) {
            refused("InvalidMetadata", () -> queue.setMetadata(Map.of(name, "value")));
        }
        assertEquals(Map.of(), SERVICE.queue(queue.name()).metadata());
    }

    /** Read from the list, where they are elements: clients limit the headers that they take. */
    @Test
    void s044_metadata_are_at_most_8_kib() {
        Queue queue = newQueue();
        Map<String, String> large = Map.of("a", letters(8000));
        queue.setMetadata(large);
        assertEquals(large, SERVICE.list(queue.name(), true).get(0).metadata());
        refused("MetadataTooLarge",
            () -> queue.setMetadata(Map.of("a", letters(4096), "b", letters(4096))));
        assertEquals(large, SERVICE.list(queue.name(), true).get(0).metadata());
    }

    @Test
    void s045_values_keep_what_a_header_can_carry() {
        Map<String, String> metadata = Map.of(
            "spaces", "a b  c",
            "commas", "a,b, c",
            "quotes", "\"a\" 'b'",
            "equals", "a=b==",
            "escaped", "%41",
            "punctuation", "!#$&()*+-./:;<>?@[\\]^_`{|}~");
        assertEquals(metadata, newQueue(metadata).metadata());
    }

    @Test
    void s046_names_with_an_underscore_are_signed_as_the_client_sorts_them() {
        Map<String, String> metadata =
            Map.of("a_b", "1", "a1", "2", "ab", "3", "a", "4", "_a", "5");
        Queue queue = newQueue();
        queue.setMetadata(metadata);
        assertEquals(metadata, queue.metadata());
    }

    @Test
    void s047_the_count_of_messages_is_in_the_metadata() {
        Queue queue = newQueue();
        for (int i = 0; i < 3; i++) {
            queue.put("text");
        }
        queue.get(1, 60);
        assertEquals(3, queue.approximateMessagesCount());
    }
}
