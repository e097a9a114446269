package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.pause;
import static queuerite.compat.Waiting.until;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DeleteScenarios extends Scenario {
    @Test
    void s130_a_message_is_deleted() {
        Queue queue = newQueue();
        queue.put("text");
        queue.delete(queue.get());
        assertNull(queue.get());
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s131_a_message_is_deleted_once() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        queue.delete(got);
        refused("MessageNotFound", () -> queue.delete(got));
    }

    @Test
    void s132_a_malformed_receipt_deletes_nothing() {
        Queue queue = newQueue();
        String id = queue.put("text").id();
        refused("InvalidQueryParameterValue", () -> queue.delete(id, "not a receipt"));
        assertEquals(id, queue.peek().id());
    }

    @Test
    void s133_an_unknown_message_cannot_be_deleted() {
        Queue queue = newQueue();
        String receipt = queue.put("text").popReceipt();
        refused("MessageNotFound", () -> queue.delete(UpdateScenarios.UNKNOWN, receipt));
        assertEquals("text", queue.peek().text());
    }

    @Test
    void s134_a_receipt_outlives_its_timeout() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get(1, 1).get(0);
        until(Duration.ofSeconds(10), queue::peek);
        queue.delete(got);
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s135_whoever_got_it_last_has_the_receipt() {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message first = queue.get(1, 1).get(0);
        Queue.Message second = until(Duration.ofSeconds(10), queue::get);
        refused("MessageNotFound", () -> queue.delete(first));
        queue.delete(second);
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s136_clearing_removes_everything() {
        Queue queue = newQueue();
        GetScenarios.putMany(queue, 3);
        assertEquals(1, queue.get(1, 1).size());
        queue.clear();
        assertEquals(0, queue.approximateMessagesCount());
        assertEquals(List.of(), queue.get(32));
        // The hidden one would be back by then.
        pause(1500);
        assertEquals(List.of(), queue.get(32));
    }

    @Test
    void s137_an_empty_queue_can_be_cleared() {
        AtomicInteger status = new AtomicInteger();
        Queue queue = SDK
            .open(Target.access().with(a -> a.answers = answer -> status.set(answer.status())))
            .queue(newQueue().name());
        queue.clear();
        assertEquals(204, status.get());
    }
}
