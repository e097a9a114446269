package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpdateScenarios extends Scenario {
    /** An id that no message has; the form is that of the service. */
    static final String UNKNOWN = "11111111-2222-3333-4444-555555555555";

    @Test
    void s110_text_and_time_are_updated_together() {
        Queue queue = newQueue();
        queue.put("old");
        Queue.Message got = queue.get();
        Instant now = Instant.now();
        Queue.Receipt updated = queue.update(got.id(), got.popReceipt(), "new", 60);
        assertNotEquals(got.popReceipt(), updated.popReceipt());
        GetScenarios.assertAbout(now.plusSeconds(60), updated.timeNextVisible());
        assertNull(queue.get());
        queue.update(got.id(), updated.popReceipt(), null, 0);
        assertEquals("new", queue.get().text());
    }

    @Test
    void s111_without_a_text_the_text_stays() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        queue.update(got.id(), got.popReceipt(), null, 0);
        assertEquals("text", queue.get().text());
    }

    @Test
    void s112_a_timeout_of_0_gives_the_message_back() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        queue.update(got.id(), got.popReceipt(), "text", 0);
        Queue.Message again = queue.get();
        assertEquals(got.id(), again.id());
        assertEquals(2, again.dequeueCount());
    }

    @Test
    void s113_an_update_leaves_the_rest_alone() {
        Queue queue = newQueue();
        queue.put("text", null, 3600);
        Queue.Message got = queue.get();
        Queue.Receipt updated = queue.update(got.id(), got.popReceipt(), "new", 60);
        queue.update(got.id(), updated.popReceipt(), "newer", 0);
        assertEquals(1, queue.peek().dequeueCount());
        Queue.Message again = queue.get();
        assertEquals(got.id(), again.id());
        assertEquals(got.insertionTime(), again.insertionTime());
        assertEquals(got.expirationTime(), again.expirationTime());
        assertEquals(2, again.dequeueCount());
    }

    @Test
    void s114_an_old_receipt_is_worth_nothing() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        queue.update(got.id(), got.popReceipt(), "new", 0);
        refused("MessageNotFound",
            () -> queue.update(got.id(), got.popReceipt(), "newer", 0));
        refused("MessageNotFound", () -> queue.delete(got));
        assertEquals("new", queue.peek().text());
    }

    @Test
    void s115_a_receipt_is_renewed_again_and_again() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        String receipt = got.popReceipt();
        for (int i = 0; i < 10; i++) {
            receipt = queue.update(got.id(), receipt, "text " + i, 30).popReceipt();
        }
        queue.delete(got.id(), receipt);
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s116_a_message_can_be_updated_as_soon_as_it_was_put() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("old");
        queue.update(put.id(), put.popReceipt(), "new", 0);
        assertEquals("new", queue.get().text());
    }

    @Test
    void s117_a_visible_message_can_be_hidden() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        queue.update(put.id(), put.popReceipt(), null, 60);
        assertNull(queue.get());
        assertEquals(1, queue.approximateMessagesCount());
    }

    @Test
    void s118_a_visibility_timeout_has_limits_when_a_message_is_updated() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text", null, -1);
        for (int seconds : List.of(-1, WEEK + 1)) {
            refusedOrBarred("OutOfRangeQueryParameterValue",
                () -> queue.update(put.id(), put.popReceipt(), null, seconds));
        }
    }

    @Test
    void s119_a_message_must_not_be_hidden_beyond_its_end_by_an_update() {
        Queue queue = newQueue();
        queue.put("text", null, 60);
        Queue.Message got = queue.get();
        refused("InvalidQueryParameterValue",
            () -> queue.update(got.id(), got.popReceipt(), null, 120));
    }

    @Test
    void s120_64_kib_fit_into_an_update() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        String receipt =
            queue.update(put.id(), put.popReceipt(), letters(65_536), 0).popReceipt();
        assertEquals(letters(65_536), queue.peek().text());
        refusedOrBarred("RequestBodyTooLarge",
            () -> queue.update(put.id(), receipt, letters(65_537), 0));
    }

    @Test
    void s121_a_malformed_receipt_is_refused() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        refused("InvalidQueryParameterValue",
            () -> queue.update(put.id(), "not a receipt", "new", 0));
        assertEquals("text", queue.peek().text());
    }

    @Test
    void s122_an_unknown_message_cannot_be_updated() {
        Queue queue = newQueue();
        String receipt = queue.put("text").popReceipt();
        refused("MessageNotFound", () -> queue.update(UNKNOWN, receipt, "new", 0));
    }
}
