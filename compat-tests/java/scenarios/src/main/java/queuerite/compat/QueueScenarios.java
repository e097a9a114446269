package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.until;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class QueueScenarios extends Scenario {
    private final AtomicInteger status = new AtomicInteger();
    private final Service watched =
        SDK.open(Target.access().with(a -> a.answers = answer -> status.set(answer.status())));

    @Test
    void s020_a_queue_is_created() {
        Queue queue = watched.queue(newName());
        queue.create();
        assertEquals(201, status.get());
        assertTrue(queue.exists());
        assertEquals(0, queue.approximateMessagesCount());
        assertNull(queue.peek());
        assertEquals(Map.of(), queue.metadata());
    }

    @Test
    void s021_the_same_queue_is_created_again() {
        Map<String, String> metadata = Map.of("color", "blue");
        Queue queue = watched.queue(newName());
        queue.create(metadata);
        assertEquals(201, status.get());
        queue.create(metadata);
        assertEquals(204, status.get());
        assertEquals(metadata, queue.metadata());
    }

    @Test
    void s022_a_queue_with_other_metadata_is_in_the_way() {
        Queue queue = newQueue(Map.of("color", "blue"));
        for (Map<String, String> other : List.of(Map.of("color", "red"),
            Map.of("color", "blue", "size", "12"), Map.<String, String>of())) {
            refused("QueueAlreadyExists", () -> SERVICE.queue(queue.name()).create(other));
        }
        assertEquals(Map.of("color", "blue"), SERVICE.queue(queue.name()).metadata());
    }

    @Test
    void s023_a_queue_is_deleted() {
        Queue queue = watched.queue(newName());
        queue.create();
        queue.put("text");
        queue.delete();
        assertEquals(204, status.get());
        assertFalse(queue.exists());
    }

    @Test
    void s024_a_queue_that_is_not_there_cannot_be_deleted() {
        refused("QueueNotFound", missingQueue()::delete);
    }

    @Test
    void s025_nothing_can_be_done_with_a_queue_that_is_not_there() {
        Queue.Message message = newQueue().put("text");
        Queue missing = missingQueue();
        for (Executable call : List.<Executable>of(
            missing::metadata,
            () -> missing.setMetadata(Map.of("color", "blue")),
            missing::policies,
            () -> missing.setPolicies(List.of()),
            () -> missing.put("text"),
            missing::get,
            missing::peek,
            () -> missing.update(message.id(), message.popReceipt(), "text", 1),
            () -> missing.delete(message),
            missing::clear)) {
            refused("QueueNotFound", call);
        }
    }

    @Test
    void s026_a_name_has_3_to_63_characters() {
        String longest = "c" + Target.RUN + "-" + random();
        longest += letters(63 - longest.length());
        SERVICE.queue(named(longest)).create();
        assertTrue(SERVICE.queue(longest).exists());
        createShortest();

        String tooLong = longest + "a";
        refused("OutOfRangeInput", () -> SERVICE.queue(tooLong).create());
        refused("OutOfRangeInput", () -> SERVICE.queue("ab").create());
    }

    /** Three characters leave no room for the run's prefix, so nobody's queue may be touched. */
    private void createShortest() {
        for (int attempt = 0; attempt < 100; attempt++) {
            Queue queue = watched.queue(random().substring(0, 3));
            if (!queue.exists()) {
                queue.create(Map.of("run", Target.RUN));
                assertEquals(201, status.get());
                named(queue.name());
                assertTrue(queue.exists());
                return;
            }
        }
        throw new AssertionError("every short name is taken");
    }

    @Test
    void s027_a_name_has_lower_case_letters_digits_and_single_dashes() {
        String end = random();
        for (String name : List.of("Abc" + end, "a_b" + end, "-ab" + end, "a--b" + end,
            "ab-" + end + "-")) {
            refused("InvalidResourceName", () -> SERVICE.queue(name).create());
        }
    }

    @Test
    void s028_a_queue_is_the_same_by_whatever_way_it_is_reached() {
        Queue byService = newQueue();
        String name = byService.name();
        List<Queue> ways = List.of(byService,
            SDK.openUrl(Target.ENDPOINT + "/" + name, Target.access()),
            SDK.open(new Access().with(a -> a.connectionString = Target.connectionString()))
                .queue(name));
        for (int i = 0; i < ways.size(); i++) {
            ways.get(i).put("from " + i);
            Queue.Message got = ways.get((i + 1) % ways.size()).get();
            assertEquals("from " + i, got.text());
            ways.get((i + 2) % ways.size()).delete(got);
        }
        assertEquals(0, byService.approximateMessagesCount());
    }

    @Test
    void s029_deleting_a_queue_leaves_the_others_alone() {
        Queue queue = newQueue();
        Queue longer = SERVICE.queue(named(queue.name() + "-2"));
        longer.create();
        longer.put("text");
        queue.delete();
        assertFalse(queue.exists());
        assertEquals("text", longer.peek().text());
    }

    @Test
    void s030_a_queue_created_anew_is_empty() {
        Queue queue = newQueue(Map.of("color", "blue"));
        queue.setPolicies(List.of(new Queue.Policy("readers", null, null, "r")));
        queue.put("text");
        queue.delete();
        until(Target.PATIENCE, () -> isCreated(queue) ? true : null);
        assertNull(queue.peek());
        assertEquals(0, queue.approximateMessagesCount());
        assertEquals(Map.of(), queue.metadata());
        assertEquals(List.of(), queue.policies());
    }

    private static boolean isCreated(Queue queue) {
        try {
            queue.create();
            return true;
        } catch (Exception e) {
            Refusal refusal = SDK.refusal(e);
            if (refusal != null && refusal.code().equals("QueueBeingDeleted")) {
                return false;
            }
            throw e;
        }
    }

    @Test
    void s031_existence_can_be_asked_for() {
        Queue queue = missingQueue();
        assertFalse(queue.exists());
        queue.create();
        assertTrue(queue.exists());
    }
}
