package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.eventually;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SecondaryScenarios extends Scenario {
    @Test
    void s230_a_secondary_reads() throws Throwable {
        Service secondary = secondary();
        Queue queue = newQueue(Map.of("color", "blue"));
        Queue.Policy policy = new Queue.Policy("readers", null, null, "r");
        queue.setPolicies(List.of(policy));
        String id = queue.put("text").id();
        Queue copy = secondary.queue(queue.name());
        eventually(() -> {
            assertEquals(List.of(new Service.Item(queue.name(), Map.of("color", "blue"))),
                secondary.list(queue.name(), true));
            assertEquals(Map.of("color", "blue"), copy.metadata());
            assertEquals(List.of(policy), copy.policies());
            assertEquals(List.of(id), copy.peek(32).stream().map(Queue.Message::id).toList());
        });
    }

    @Test
    void s231_a_secondary_does_not_write() throws Throwable {
        Service secondary = secondary();
        Queue queue = newQueue();
        queue.put("text");
        Queue copy = secondary.queue(queue.name());
        eventually(copy::metadata);
        refused("InsufficientAccountPermissions", () -> {
            copy.put("text");
            // A local server may let the secondary be another path to its one account.
            if (URI.create(Target.secondary()).getAuthority()
                .equals(URI.create(Target.ENDPOINT).getAuthority())) {
                throw new TestAbortedException("needs a true secondary endpoint");
            }
        });
        refused("InsufficientAccountPermissions", copy::get);
        assertEquals(0, queue.peek().dequeueCount());
        assertEquals(1, queue.approximateMessagesCount());
    }

    @Test
    void s232_a_read_falls_back_to_the_secondary() throws Throwable {
        String secondary = Target.secondary();
        Queue queue = newQueue(Map.of("color", "blue"));
        AtomicReference<Answer> answer = new AtomicReference<>();
        URI primary = URI.create(Target.ENDPOINT);
        Service service = SDK.open(Target.access().with(a -> {
            a.endpoint = primary.getScheme() + "://" + Target.nobody() + primary.getRawPath();
            a.secondary = secondary;
            a.tries = 3;
            a.answers = answer::set;
        }));
        eventually(() -> assertEquals(Map.of("color", "blue"),
            service.queue(queue.name()).metadata()));
        assertEquals(URI.create(secondary).getAuthority(), answer.get().uri().getAuthority());
    }

    private static Service secondary() {
        String secondary = Target.secondary();
        return SDK.open(Target.access().with(a -> a.endpoint = secondary));
    }
}
