package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.barred;
import static queuerite.compat.Errors.refused;

import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ErrorScenarios extends Scenario {
    @Test
    void s240_an_error_has_status_code_and_message() {
        Queue missing = missingQueue();
        refused("QueueNotFound", missing::metadata);
        refused("QueueNotFound", () -> missing.put("text"));
        Queue queue = newQueue();
        Queue.Message put = queue.put("text");
        queue.delete(put);
        refused("MessageNotFound", () -> queue.delete(put));
    }

    @Test
    void s241_a_missing_queue_is_told_by_head_and_get_alike() {
        Queue missing = missingQueue();
        assertFalse(missing.exists());
        assertFalse(missing.deleteIfExists());
        refused("QueueNotFound", missing::metadata);
        refused("QueueNotFound", missing::policies);
        assertTrue(missing.createIfNotExists());
        assertTrue(missing.exists());
    }

    @Test
    void s242_an_error_names_the_parameter() {
        Queue queue = newQueue();
        Refusal refusal;
        if (SDK.checksBeforeSending()) {
            barred(() -> queue.put("text", 10, 10));
            Queue.Message put = queue.put("text", null, 10);
            refusal = refused("InvalidQueryParameterValue",
                () -> queue.update(put.id(), put.popReceipt(), null, 20));
        } else {
            refusal = refused("InvalidQueryParameterValue", () -> queue.put("text", 10, 10));
        }
        assertEquals("visibilitytimeout", refusal.details().get("QueryParameterName"));
    }

    @Test
    void s243_an_error_has_a_request_id() {
        Refusal refusal = refused("QueueNotFound", missingQueue()::policies);
        assertNotNull(refusal.requestId());
        assertTrue(refusal.message().contains("\nRequestId:" + refusal.requestId() + "\n"),
            refusal::toString);
    }

    @Test
    void s244_an_unreachable_server_is_the_clients_error() {
        Service nowhere = SDK.open(Target.access().with(
            a -> a.endpoint = "http://" + Target.nobody() + "/" + Target.ACCOUNT));
        Instant start = Instant.now();
        Throwable thrown =
            assertThrows(Throwable.class, () -> nowhere.queue(newName()).metadata());
        assertTrue(Duration.between(start, Instant.now()).getSeconds() < 5);
        assertNull(SDK.refusal(thrown));
        assertTrue(isConnection(thrown), thrown::toString);
    }

    private static boolean isConnection(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return true;
            }
        }
        return false;
    }
}
