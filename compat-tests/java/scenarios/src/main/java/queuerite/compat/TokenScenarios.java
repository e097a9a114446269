package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static queuerite.compat.Errors.barred;
import static queuerite.compat.Errors.refused;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

class TokenScenarios extends Scenario {
    private static final Instant START =
        Instant.now().minusSeconds(60).truncatedTo(ChronoUnit.SECONDS);
    private static final Instant EXPIRY = START.plusSeconds(3600);

    @Test
    void s210_a_delegation_key_is_handed_out() {
        Service.DelegationKey key = byToken(Tokens.valid()).delegationKey(START, EXPIRY);
        assertEquals(Tokens.OBJECT, key.objectId());
        assertEquals(Tokens.TENANT, key.tenantId());
        assertEquals(START, key.start());
        assertEquals(EXPIRY, key.expiry());
        assertEquals("q", key.service());
        assertFalse(key.value().isEmpty());
    }

    @Test
    void s211_a_signature_of_the_delegation_key_opens_its_queue() {
        Service.DelegationKey key = byToken(Tokens.valid()).delegationKey(START, EXPIRY);
        Queue queue = newQueue();
        String signature = queue.delegationSas(Queue.Sas.of("rap"), key);
        Queue signed = SDK.open(Target.sas(signature)).queue(queue.name());
        signed.put("text");
        assertEquals("text", signed.get().text());
    }

    @Test
    void s212_a_delegation_key_is_asked_for_by_tokens_alone() {
        Throwable thrown =
            assertThrows(Throwable.class, () -> SERVICE.delegationKey(START, EXPIRY));
        Refusal refusal = SDK.refusal(thrown);
        assertNotNull(refusal, thrown::toString);
        assertEquals(403, refusal.status());
    }

    @Test
    void s215_a_token_opens_everything() {
        Queue queue = byToken(Tokens.valid()).queue(newName());
        queue.create();
        queue.put("text");
        Queue.Message got = queue.get();
        assertEquals("text", got.text());
        queue.delete(got);
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s216_a_token_for_another_audience_opens_nothing() {
        Service service = byToken(Tokens.token("https://vault.azure.net", 3600));
        Queue queue = newQueue();
        refused("InvalidAuthenticationInfo", () -> service.queue(queue.name()).metadata());
    }

    @Test
    void s217_an_expired_token_opens_nothing() {
        Service service = byToken(Tokens.token(Tokens.AUDIENCE, -3600));
        Queue queue = newQueue();
        refused("InvalidAuthenticationInfo", () -> service.queue(queue.name()).metadata());
    }

    @Test
    void s218_a_token_does_not_go_over_http() {
        Access access = Target.anonymous().with(a -> {
            a.endpoint = a.endpoint.replaceFirst("^https:", "http:");
            a.token = Tokens::valid;
        });
        barred(() -> SDK.open(access).queue(newName()).metadata());
    }

    private static Service byToken(String token) {
        return SDK.open(Target.token(token));
    }
}
