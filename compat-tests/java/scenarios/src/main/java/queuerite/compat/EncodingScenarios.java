package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;
import static queuerite.compat.Errors.refusedOrUnwritable;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EncodingScenarios extends Scenario {
    private static final String MARKUP = "<a>&amp;\"'</a> ]]> <!-- -->";
    private static final String WHITE_SPACE = " \t\n a \t b\n\nc \t\n ";
    private static final String UNICODE = "äöüß 你好 مرحبا e\u0301 "
        + "\uD83D\uDC69\u200D\uD83D\uDC69\u200D\uD83D\uDC67 " + Character.toString(0x10FFFF);

    @Test
    void s155_text_is_sent_as_it_is() {
        String name = newQueue().name();
        SERVICE.queue(name).put("plain text, no Base64");
        assertEquals("plain text, no Base64",
            SDK.open(Target.access()).queue(name).get().text());
    }

    @Test
    void s156_base64_is_the_clients_affair() {
        Queue plain = newQueue();
        Queue encoded = encoded(plain);
        byte[] bytes = {0, 1, 2, (byte) 0xFE, (byte) 0xFF, '<', '&'};
        encoded.put(bytes);
        assertArrayEquals(bytes, encoded.peek().bytes());
        assertEquals(Base64.getEncoder().encodeToString(bytes), plain.peek().text());
    }

    @Test
    void s157_markup_is_text() {
        assertKept(MARKUP);
    }

    @Test
    void s158_white_space_stays() {
        assertKept(WHITE_SPACE);
        assertKept(" ");
        assertKept("\n");
    }

    @Test
    void s159_every_plane_of_unicode() {
        assertKept(UNICODE);
    }

    @Test
    void s160_what_xml_cannot_carry_is_refused() {
        Queue queue = newQueue();
        refusedOrUnwritable("InvalidXmlDocument", () -> queue.put("a\u0001b"));
        assertNull(queue.peek());
    }

    @Test
    void s161_the_limit_counts_bytes_not_characters() {
        Queue queue = newQueue();
        String text = "\u20AC".repeat(21_845) + "a";
        queue.put(text);
        assertEquals(text, queue.peek().text());
        refused("RequestBodyTooLarge", () -> queue.put(text + "a"));
    }

    @Test
    void s162_48_kib_of_bytes_fit_with_base64() {
        Queue queue = encoded(newQueue());
        byte[] bytes = new byte[49_153];
        new Random(162).nextBytes(bytes);
        byte[] fitting = Arrays.copyOf(bytes, 49_152);
        queue.put(fitting);
        assertArrayEquals(fitting, queue.get().bytes());
        refusedOrBarred("RequestBodyTooLarge", () -> queue.put(bytes));
    }

    @Test
    void s163_json_goes_through() {
        assertKept("""
            {
              "name": "a \\"quoted\\" \\u00e4 \\\\ value",
              "numbers": [1, 2.5e3, null]
            }
            """);
    }

    @Test
    void s164_an_update_keeps_what_it_is_given() {
        Queue queue = newQueue();
        Queue.Message message = queue.put("text");
        String receipt = message.popReceipt();
        for (String text : List.of(MARKUP, UNICODE, WHITE_SPACE)) {
            receipt = queue.update(message.id(), receipt, text, 0).popReceipt();
            assertEquals(text, queue.peek().text());
        }
    }

    private void assertKept(String text) {
        Queue queue = newQueue();
        queue.put(text);
        assertEquals(text, queue.peek().text());
        assertEquals(text, queue.get().text());
    }

    private static Queue encoded(Queue queue) {
        return SDK.open(Target.access().with(a -> a.base64 = true)).queue(queue.name());
    }
}
