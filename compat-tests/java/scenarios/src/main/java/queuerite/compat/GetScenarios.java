package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;
import static queuerite.compat.Waiting.until;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GetScenarios extends Scenario {
    @Test
    void s090_what_a_get_answers() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        Instant now = Instant.now();
        Queue.Message got = queue.get();
        assertEquals(put.id(), got.id());
        assertEquals("text", got.text());
        assertEquals(put.insertionTime(), got.insertionTime());
        assertEquals(put.expirationTime(), got.expirationTime());
        assertFalse(got.popReceipt().isEmpty());
        assertEquals(1, got.dequeueCount());
        assertAbout(now.plusSeconds(30), got.timeNextVisible());
    }

    @Test
    void s091_an_empty_queue_gives_nothing() {
        assertEquals(List.of(), newQueue().get(32));
    }

    @Test
    void s092_a_get_brings_as_many_as_are_asked_for() {
        Queue queue = newQueue();
        putMany(queue, 40);
        assertEquals(32, queue.get(32).size());
        assertEquals(8, queue.get(32).size());
    }

    @Test
    void s093_the_number_of_messages_has_limits() {
        Queue queue = newQueue();
        for (int count : List.of(0, 33)) {
            refusedOrBarred("OutOfRangeQueryParameterValue", () -> queue.get(count));
        }
    }

    @Test
    void s094_a_visibility_timeout_has_limits_when_a_message_is_got() {
        Queue queue = newQueue();
        queue.put("text", null, -1);
        refused("OutOfRangeQueryParameterValue", () -> queue.get(1, 0));
        refusedOrBarred("OutOfRangeQueryParameterValue", () -> queue.get(1, WEEK + 1));
        Instant now = Instant.now();
        Queue.Message got = queue.get(1, WEEK).get(0);
        assertEquals(1, got.dequeueCount());
        assertAbout(now.plusSeconds(WEEK), got.timeNextVisible());
    }

    @Test
    void s095_a_message_that_was_got_is_hidden() {
        Queue queue = newQueue();
        queue.put("text");
        assertEquals("text", queue.get().text());
        assertNull(queue.get());
        assertNull(queue.peek());
    }

    @Test
    void s096_each_get_counts() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message first = queue.get(1, 1).get(0);
        Queue.Message second = until(Duration.ofSeconds(10), queue::get);
        assertEquals(first.id(), second.id());
        assertEquals(1, first.dequeueCount());
        assertEquals(2, second.dequeueCount());
        assertNotEquals(first.popReceipt(), second.popReceipt());
    }

    @Test
    void s097_messages_of_one_get_share_a_receipt_and_a_time() {
        Queue queue = newQueue();
        putMany(queue, 3);
        List<Queue.Message> got = queue.get(3);
        assertEquals(3, got.size());
        assertEquals(1, got.stream().map(Queue.Message::timeNextVisible).distinct().count());
        assertEquals(1, got.stream().map(Queue.Message::popReceipt).distinct().count());
    }

    @Test
    void s098_a_message_may_be_hidden_beyond_its_end() {
        Queue queue = newQueue();
        queue.put("text", null, 60);
        Queue.Message got = queue.get(1, 3600).get(0);
        assertTrue(got.timeNextVisible().isAfter(got.expirationTime()), got::toString);
    }

    @Test
    void s099_a_client_can_read_a_queue_to_its_end() {
        Queue queue = newQueue();
        Set<String> put = new HashSet<>(putMany(queue, 70));
        List<String> got = new ArrayList<>();
        for (List<Queue.Message> batch = queue.get(32, 60); !batch.isEmpty();
            batch = queue.get(32, 60)) {
            batch.forEach(message -> got.add(message.text()));
        }
        assertEquals(70, got.size());
        assertEquals(put, new HashSet<>(got));
    }

    static List<String> putMany(Queue queue, int count) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add("text " + i);
            queue.put("text " + i);
        }
        return texts;
    }

    /** Within what the clocks and the network may take. */
    static void assertAbout(Instant expected, Instant actual) {
        assertTrue(Duration.between(expected, actual).abs().compareTo(Duration.ofSeconds(15)) < 0,
            () -> actual + " is not about " + expected);
    }
}
