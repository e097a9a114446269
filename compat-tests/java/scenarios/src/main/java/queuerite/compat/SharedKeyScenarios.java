package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.refused;

import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.TestAbortedException;

class SharedKeyScenarios extends Scenario {
    @Test
    void s180_a_connection_string_is_enough() {
        Queue queue = SDK
            .open(new Access().with(a -> a.connectionString = Target.connectionString()))
            .queue(newQueue().name());
        queue.put("text");
        assertEquals("text", queue.get().text());
    }

    @Test
    void s181_a_wrong_key_opens_nothing() {
        Queue queue = newQueue();
        Service wrong = SDK.open(Target.access().with(
            a -> a.key = Base64.getEncoder().encodeToString("another key".repeat(6).getBytes())));
        refused("AuthenticationFailed", () -> wrong.list(queue.name(), false));
        refused("AuthenticationFailed", () -> wrong.queue(queue.name()).metadata());
    }

    @Test
    void s182_a_key_of_another_account_opens_nothing() {
        Queue queue = newQueue();
        Service other = SDK.open(Target.access().with(a -> a.account = "anotheraccount"));
        for (Executable call : List.<Executable>of(
            () -> other.list(queue.name(), false),
            () -> other.queue(queue.name()).metadata())) {
            Throwable thrown = assertThrows(Throwable.class, call);
            Refusal refusal = SDK.refusal(thrown);
            assertNotNull(refusal, thrown::toString);
            assertTrue(Set.of(403, 404).contains(refusal.status()), refusal::toString);
        }
    }

    @Test
    void s183_without_a_credential_nothing_is_opened() {
        Queue queue = newQueue();
        // A library that wants a credential is given a signature without any field, and one that
        // would ask in a version that knows no challenge asks in the first that does.
        Access nobody = !SDK.checksBeforeSending() ? Target.anonymous()
            : Target.sas("a=b").with(a -> a.headers = Map.of("x-ms-version", "2019-12-12"));
        refused("NoAuthenticationInformation",
            () -> SDK.open(nobody).queue(queue.name()).metadata());
    }

    @Test
    void s184_use_development_storage_is_understood() {
        URI endpoint = URI.create(Target.ENDPOINT);
        if (endpoint.getPort() != 10001 || Target.https()) {
            throw new TestAbortedException("needs the endpoint http://127.0.0.1:10001");
        }
        Queue queue = SDK.openDevelopment().queue(newQueue().name());
        queue.put("text");
        assertEquals("text", queue.get().text());
    }

    @Test
    void s185_names_with_signs_that_are_encoded_are_signed_as_they_are_sent() {
        assertEquals(List.of(), SERVICE.list("c" + Target.RUN + "-a-b c", false));
        assertEquals(List.of(), SERVICE.list("c" + Target.RUN + "+ä/%2F&=", false));
    }

    @Test
    void s186_a_connection_string_with_a_signature_is_enough() {
        String signature = SERVICE.accountSas(Service.AccountSas.of("sco", "rwdlacup"));
        Queue queue = SDK.open(new Access().with(a -> a.connectionString =
            "QueueEndpoint=" + Target.ENDPOINT + ";SharedAccessSignature=" + signature))
            .queue(newQueue().name());
        queue.put("text");
        assertEquals("text", queue.get().text());
    }
}
