package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;
import static queuerite.compat.Waiting.eventually;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AccessPolicyScenarios extends Scenario {
    private static final Instant START = Instant.parse("2026-10-05T12:00:00Z");
    private static final Instant EXPIRY = Instant.parse("2027-10-05T12:00:00Z");

    @Test
    void s050_a_new_queue_has_no_policies() {
        assertEquals(List.of(), newQueue().policies());
    }

    @Test
    void s051_a_policy_comes_back_whole() throws Throwable {
        setAndExpect(newQueue(), new Queue.Policy("all", START, EXPIRY, "raup"));
    }

    @Test
    void s052_a_policy_may_say_nothing() throws Throwable {
        setAndExpect(newQueue(), new Queue.Policy("bare", null, null, null));
    }

    @Test
    void s053_setting_policies_replaces_them_all() throws Throwable {
        Queue queue = newQueue();
        setAndExpect(queue, new Queue.Policy("one", START, EXPIRY, "r"),
            new Queue.Policy("two", START, EXPIRY, "a"));
        setAndExpect(queue, new Queue.Policy("other", START, EXPIRY, "u"));
        setAndExpect(queue);
    }

    @Test
    void s054_five_policies_are_the_most() throws Throwable {
        Queue queue = newQueue();
        setAndExpect(queue, policies(5));
        refusedOrBarred("InvalidXmlDocument", () -> queue.setPolicies(List.of(policies(6))));
        assertEquals(Set.of(policies(5)), Set.copyOf(queue.policies()));
    }

    @Test
    void s055_an_identifier_has_1_to_64_characters() throws Throwable {
        Queue queue = newQueue();
        setAndExpect(queue, new Queue.Policy(letters(64), START, EXPIRY, "r"));
        refused("InvalidXmlDocument", () -> queue.setPolicies(
            List.of(new Queue.Policy(letters(65), START, EXPIRY, "r"))));
        assertEquals(letters(64), queue.policies().get(0).id());
    }

    @Test
    void s056_a_permission_that_queues_do_not_have_is_refused() {
        Queue queue = newQueue();
        refusedOrBarred("InvalidXmlDocument", () -> queue.setPolicies(
            List.of(new Queue.Policy("all", START, EXPIRY, "rwdl"))));
        assertEquals(List.of(), queue.policies());
    }

    @Test
    void s057_a_start_after_the_expiry_is_accepted() throws Throwable {
        setAndExpect(newQueue(), new Queue.Policy("never", EXPIRY, START, "r"));
    }

    private static void setAndExpect(Queue queue, Queue.Policy... policies) throws Throwable {
        queue.setPolicies(List.of(policies));
        // Not all libraries keep the order.
        eventually(() -> {
            List<Queue.Policy> stored = queue.policies();
            assertEquals(Set.of(policies), Set.copyOf(stored));
            assertEquals(policies.length, stored.size());
        });
    }

    private static Queue.Policy[] policies(int count) {
        return IntStream.range(0, count)
            .mapToObj(i -> new Queue.Policy("policy-" + i, START, EXPIRY, "r"))
            .toArray(Queue.Policy[]::new);
    }
}
