package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.pause;
import static queuerite.compat.Waiting.until;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class VisibilityScenarios extends Scenario {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    @Test
    void s140_a_hidden_message_becomes_visible_by_itself() {
        Queue queue = newQueue();
        long start = System.nanoTime();
        Queue.Message put = queue.put("text", 2, null);
        assertNull(queue.get());
        assertEquals(put.id(), until(PATIENCE, queue::get).id());
        assertNotBefore(2, start);
    }

    @Test
    void s141_a_message_that_was_not_deleted_comes_back() {
        Queue queue = newQueue();
        queue.put("text");
        long start = System.nanoTime();
        Queue.Message got = queue.get(1, 2).get(0);
        assertNull(queue.get());
        Queue.Message again = until(PATIENCE, queue::get);
        assertNotBefore(2, start);
        assertEquals(got.id(), again.id());
        assertEquals(2, again.dequeueCount());
    }

    @Test
    void s142_an_expired_message_is_gone() {
        Queue queue = newQueue();
        queue.put("text", null, 2);
        assertEquals("text", queue.peek().text());
        until(PATIENCE, () -> queue.peek() == null ? true : null);
        assertNull(queue.get());
    }

    @Test
    void s143_an_expired_message_cannot_be_deleted() {
        Queue queue = newQueue();
        queue.put("text", null, 2);
        Queue.Message got = queue.get(1, 60).get(0);
        pause(3000);
        refused("MessageNotFound", () -> queue.delete(got));
    }

    @Test
    void s144_an_update_moves_the_time_of_return() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get(1, 60).get(0);
        long start = System.nanoTime();
        queue.update(got.id(), got.popReceipt(), null, 2);
        assertNull(queue.get());
        assertEquals(got.id(), until(PATIENCE, queue::get).id());
        assertNotBefore(2, start);
    }

    @Test
    void s145_a_lease_is_kept_alive() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get(1, 2).get(0);
        String receipt = got.popReceipt();
        Instant end = Instant.now().plusSeconds(4);
        Instant renewal = Instant.now().plusSeconds(1);
        while (Instant.now().isBefore(end)) {
            if (Instant.now().isAfter(renewal)) {
                receipt = queue.update(got.id(), receipt, null, 2).popReceipt();
                renewal = renewal.plusSeconds(1);
            }
            assertNull(queue.get());
            pause(100);
        }
        queue.delete(got.id(), receipt);
    }

    private static void assertNotBefore(int seconds, long start) {
        long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertTrue(waited >= seconds * 1000L, () -> "visible after " + waited + " ms");
    }
}
