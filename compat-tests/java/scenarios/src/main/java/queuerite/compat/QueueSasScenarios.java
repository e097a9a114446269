package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.eventually;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class QueueSasScenarios extends Scenario {
    @Test
    void s200_each_permission_opens_its_operations() throws Throwable {
        Queue queue = newQueue();
        for (char permission : "raup".toCharArray()) {
            Queue signed = by(queue, Queue.Sas.of(String.valueOf(permission)));
            for (Map.Entry<Character, List<Executable>> entry
                : operations(queue, signed).entrySet()) {
                for (Executable call : entry.getValue()) {
                    if (entry.getKey() == permission) {
                        call.execute();
                    } else {
                        refused("AuthorizationPermissionMismatch", call);
                    }
                }
            }
        }
    }

    /** What each permission opens, done by the one who has the signature. */
    private static Map<Character, List<Executable>> operations(Queue queue, Queue signed) {
        Queue.Message first = queue.put("first");
        Queue.Message second = queue.put("second");
        Map<Character, List<Executable>> operations = new LinkedHashMap<>();
        operations.put('r', List.of(signed::peek, signed::metadata));
        operations.put('a', List.of(() -> signed.put("text")));
        operations.put('u',
            List.of(() -> signed.update(first.id(), first.popReceipt(), "new", 60)));
        operations.put('p', List.of(() -> signed.delete(second), signed::get));
        return operations;
    }

    @Test
    void s201_a_signature_opens_one_queue() {
        Queue queue = newQueue();
        String signature = queue.sas(Queue.Sas.of("raup"));
        Queue other = SDK.open(Target.sas(signature)).queue(newQueue().name());
        refused("AuthenticationFailed", other::peek);
        refused("AuthenticationFailed", () -> other.put("text"));
    }

    @Test
    void s202_a_queue_cannot_be_created_or_deleted_by_it() {
        Queue queue = newQueue();
        Service signed = SDK.open(Target.sas(queue.sas(Queue.Sas.of("raup"))));
        refused("AuthorizationFailure", () -> signed.queue(queue.name()).delete());
        refused("AuthorizationFailure", () -> signed.queue(queue.name()).create());
        refused("AuthorizationFailure", () -> signed.list(queue.name(), false));
    }

    @Test
    void s203_a_signature_that_has_expired_opens_nothing() {
        Queue queue = newQueue();
        Queue signed = by(queue,
            new Queue.Sas("raup", null, Instant.now().minusSeconds(3600), null));
        refused("AuthenticationFailed", signed::peek);
    }

    @Test
    void s204_a_policy_gives_what_the_signature_does_not() throws Throwable {
        Queue queue = newQueue();
        Queue signed = by(queue, Queue.Sas.by("readers"));
        queue.setPolicies(List.of(
            new Queue.Policy("readers", null, Queue.inAnHour(), "ra")));
        eventually(() -> signed.put("text"));
        assertEquals("text", signed.peek().text());
        refused("AuthorizationPermissionMismatch", signed::get);
    }

    @Test
    void s205_removing_the_policy_revokes_the_signature() throws Throwable {
        Queue queue = newQueue();
        Queue signed = by(queue, Queue.Sas.by("readers"));
        queue.setPolicies(List.of(
            new Queue.Policy("readers", null, Queue.inAnHour(), "r")));
        eventually(signed::peek);
        queue.setPolicies(List.of());
        eventually(() -> refused("AuthenticationFailed", signed::peek));
    }

    @Test
    void s206_a_policy_that_is_not_there_opens_nothing() {
        Queue queue = newQueue();
        refused("AuthenticationFailed", by(queue, Queue.Sas.by("nobody"))::peek);
    }

    /** The queue by its URL with the signature in it, as signatures are handed out. */
    private static Queue by(Queue queue, Queue.Sas sas) {
        return SDK.openUrl(
            Target.ENDPOINT + "/" + queue.name() + "?" + queue.sas(sas), Target.anonymous());
    }
}
