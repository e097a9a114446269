package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class AccountSasScenarios extends Scenario {
    private static final Service.AccountSas ALL = Service.AccountSas.of("sco", "rwdlacup");

    @Test
    void s190_a_signature_for_everything_does_everything() {
        Service service = by(ALL);
        Queue queue = service.queue(newName());
        queue.create();
        queue.put("text");
        Queue.Message got = queue.get();
        Queue.Receipt updated = queue.update(got.id(), got.popReceipt(), "new", 0);
        assertEquals("new", queue.peek().text());
        queue.delete(got.id(), updated.popReceipt());
        assertEquals(0, queue.approximateMessagesCount());
        assertEquals(queue.name(), service.list(queue.name(), false).get(0).name());
    }

    @Test
    void s191_what_is_not_permitted_is_refused() {
        Queue queue = newQueue();
        Service reader = by(Service.AccountSas.of("sco", "rl"));
        assertEquals(1, reader.list(queue.name(), false).size());
        refused("AuthorizationPermissionMismatch", () -> reader.queue(queue.name()).put("text"));
    }

    @Test
    void s192_the_type_of_resource_counts() {
        Queue queue = newQueue();
        Service objects = by(Service.AccountSas.of("o", "rwdlacup"));
        objects.queue(queue.name()).put("text");
        refused("AuthorizationResourceTypeMismatch", () -> objects.list(queue.name(), false));
        refused("AuthorizationResourceTypeMismatch", () -> objects.queue(newName()).create());
    }

    @Test
    void s193_the_service_counts() {
        Queue queue = newQueue();
        refused("AuthorizationServiceMismatch",
            () -> by(ALL.services("b")).queue(queue.name()).metadata());
    }

    @Test
    void s194_a_signature_that_has_expired_opens_nothing() {
        Queue queue = newQueue();
        Service.AccountSas expired =
            ALL.between(Instant.now().minusSeconds(7200), Instant.now().minusSeconds(3600));
        refused("AuthenticationFailed", () -> by(expired).queue(queue.name()).metadata());
    }

    @Test
    void s195_a_signature_that_is_not_valid_yet_opens_nothing() {
        Queue queue = newQueue();
        Service.AccountSas early =
            ALL.between(Instant.now().plusSeconds(3600), Instant.now().plusSeconds(7200));
        refused("AuthenticationFailed", () -> by(early).queue(queue.name()).metadata());
    }

    @Test
    void s196_a_changed_signature_opens_nothing() {
        Queue queue = newQueue();
        String signature = SERVICE.accountSas(ALL);
        int first = signature.indexOf("sig=") + 4;
        char changed = signature.charAt(first) == 'A' ? 'B' : 'A';
        String other = signature.substring(0, first) + changed + signature.substring(first + 1);
        SDK.open(Target.sas(signature)).queue(queue.name()).metadata();
        refused("AuthenticationFailed",
            () -> SDK.open(Target.sas(other)).queue(queue.name()).metadata());
    }

    @Test
    void s197_the_address_counts() {
        Queue queue = newQueue();
        refused("AuthorizationSourceIPMismatch",
            () -> by(ALL.from("203.0.113.7")).queue(queue.name()).metadata());
        // What address this machine is seen with is not known, so the range has them all.
        by(ALL.from("0.0.0.0-255.255.255.255")).queue(queue.name()).put("text");
        assertEquals("text", queue.peek().text());
    }

    @Test
    void s198_the_protocol_counts() {
        Queue queue = newQueue();
        Queue secure = by(ALL.overHttps()).queue(queue.name());
        if (Target.https()) {
            assertEquals(0, secure.approximateMessagesCount());
        } else {
            refusedOrBarred("AuthorizationProtocolMismatch", secure::approximateMessagesCount);
        }
    }

    private static Service by(Service.AccountSas sas) {
        return SDK.open(Target.sas(SERVICE.accountSas(sas)));
    }
}
