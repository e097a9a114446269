package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.barred;
import static queuerite.compat.Errors.refusedOrBarred;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PutScenarios extends Scenario {
    @Test
    void s070_what_a_put_answers() {
        Instant now = Instant.now();
        Queue.Message put = newQueue().put("text");
        assertFalse(put.id().isEmpty());
        assertFalse(put.popReceipt().isEmpty());
        assertTrue(Duration.between(now, put.insertionTime()).abs().getSeconds() < 60,
            () -> "inserted at " + put.insertionTime());
        assertEquals(put.insertionTime().plusSeconds(WEEK), put.expirationTime());
        assertEquals(put.insertionTime(), put.timeNextVisible());
    }

    @Test
    void s071_every_message_has_an_id_of_its_own() {
        Queue queue = newQueue();
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 10; i++) {
            ids.add(queue.put("text").id());
        }
        assertEquals(10, ids.size());
    }

    @Test
    void s072_a_message_may_live_for_ever() {
        assertEquals(Instant.parse("9999-12-31T23:59:59Z"),
            newQueue().put("text", null, -1).expirationTime());
    }

    @Test
    void s073_a_time_to_live_is_what_it_was_asked_to_be() {
        Queue queue = newQueue();
        for (int seconds : List.of(60, 1_073_741_824)) {
            Queue.Message put = queue.put("text", null, seconds);
            assertEquals(put.insertionTime().plusSeconds(seconds), put.expirationTime());
        }
    }

    @Test
    void s074_a_time_to_live_of_0_or_minus_2_is_refused() {
        Queue queue = newQueue();
        if (SDK.checksBeforeSending()) {
            // 0 is its word for the usual time-to-live.
            barred(() -> queue.put("text", null, -2));
        } else {
            for (int seconds : List.of(0, -2)) {
                Throwable thrown = assertThrows(Throwable.class,
                    () -> queue.put("text", null, seconds));
                Refusal refusal = SDK.refusal(thrown);
                assertNotNull(refusal, thrown::toString);
                assertEquals(400, refusal.status());
                assertTrue(Set.of("InvalidQueryParameterValue", "OutOfRangeQueryParameterValue")
                    .contains(refusal.code()), refusal::toString);
            }
        }
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s075_a_message_may_be_put_hidden() {
        Queue queue = newQueue();
        Queue.Message put = queue.put("text", 60, null);
        assertEquals(put.insertionTime().plusSeconds(60), put.timeNextVisible());
        assertNull(queue.get());
        assertNull(queue.peek());
        assertEquals(1, queue.approximateMessagesCount());
    }

    @Test
    void s076_a_message_must_not_be_hidden_for_as_long_as_it_lives() {
        Queue queue = newQueue();
        refusedOrBarred("InvalidQueryParameterValue", () -> queue.put("text", WEEK, null));
        refusedOrBarred("InvalidQueryParameterValue", () -> queue.put("text", 10, 10));
        assertEquals(0, queue.approximateMessagesCount());
        queue.put("text", WEEK - 1, null);
        assertEquals(1, queue.approximateMessagesCount());
    }

    @Test
    void s077_a_visibility_timeout_has_limits_when_a_message_is_put() {
        Queue queue = newQueue();
        for (int seconds : List.of(-1, WEEK + 1)) {
            refusedOrBarred("OutOfRangeQueryParameterValue",
                () -> queue.put("text", seconds, -1));
        }
    }

    @Test
    void s078_exactly_64_kib_fit() {
        Queue queue = newQueue();
        queue.put(letters(65_536));
        assertEquals(letters(65_536), queue.get().text());
        refusedOrBarred("RequestBodyTooLarge", () -> queue.put(letters(65_537)));
        assertEquals(1, queue.approximateMessagesCount());
    }

    @Test
    void s079_an_empty_text_is_a_text() {
        Queue queue = newQueue();
        queue.put("");
        assertEquals("", queue.get().text());
    }

    @Test
    void s080_the_receipt_of_a_put_is_good_at_once() {
        AtomicInteger status = new AtomicInteger();
        Queue queue = SDK
            .open(Target.access().with(a -> a.answers = answer -> status.set(answer.status())))
            .queue(newQueue().name());
        queue.delete(queue.put("text"));
        assertEquals(204, status.get());
        assertNull(queue.peek());
        assertEquals(0, queue.approximateMessagesCount());
    }
}
