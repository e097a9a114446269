package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static queuerite.compat.Errors.refusedOrBarred;

import java.util.List;
import org.junit.jupiter.api.Test;

class PeekScenarios extends Scenario {
    @Test
    void s105_what_a_peek_answers() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        Queue.Message peeked = queue.peek();
        assertEquals(put.id(), peeked.id());
        assertEquals("text", peeked.text());
        assertEquals(put.insertionTime(), peeked.insertionTime());
        assertEquals(put.expirationTime(), peeked.expirationTime());
        assertEquals(0, peeked.dequeueCount());
        assertNull(peeked.popReceipt());
        assertNull(peeked.timeNextVisible());
    }

    @Test
    void s106_a_peek_changes_nothing() {
        Queue queue = newQueue();
        String id = queue.put("text").id();
        for (int i = 0; i < 3; i++) {
            Queue.Message peeked = queue.peek();
            assertEquals(id, peeked.id());
            assertEquals(0, peeked.dequeueCount());
        }
        Queue.Message got = queue.get();
        assertEquals(id, got.id());
        assertEquals(1, got.dequeueCount());
    }

    @Test
    void s107_a_peek_shows_the_visible_alone() {
        Queue queue = newQueue();
        GetScenarios.putMany(queue, 3);
        String hidden = queue.get().id();
        List<Queue.Message> peeked = queue.peek(32);
        assertEquals(2, peeked.size());
        assertEquals(0, peeked.stream().filter(message -> message.id().equals(hidden)).count());
    }

    @Test
    void s108_the_number_of_messages_to_peek_has_limits() {
        Queue queue = newQueue();
        GetScenarios.putMany(queue, 40);
        assertEquals(32, queue.peek(32).size());
        for (int count : List.of(0, 33)) {
            refusedOrBarred("OutOfRangeQueryParameterValue", () -> queue.peek(count));
        }
    }

    @Test
    void s109_an_empty_queue_shows_nothing() {
        assertEquals(List.of(), newQueue().peek(32));
    }
}
