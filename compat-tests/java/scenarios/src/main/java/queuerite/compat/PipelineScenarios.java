package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class PipelineScenarios extends Scenario {
    private final AtomicReference<Answer> answer = new AtomicReference<>();

    @Test
    void s220_a_retry_is_served() {
        Queue queue = newQueue();
        try (Front front = new Front(1)) {
            Service service = SDK.open(Target.access().with(a -> {
                a.endpoint = front.endpoint();
                a.tries = 3;
            }));
            service.queue(queue.name()).put("text");
            assertEquals(2, front.attempts());
        }
        assertEquals(1, queue.approximateMessagesCount());
        assertEquals("text", queue.peek().text());
    }

    @Test
    void s221_a_service_timeout_is_accepted() {
        Queue queue = newQueue();
        for (int seconds : List.of(5, 60)) {
            Service service = watched(Target.access().with(a -> a.timeout = seconds));
            service.queue(queue.name()).put("text");
            assertEquals(201, answer.get().status());
            assertTrue(answer.get().uri().getQuery().contains("timeout=" + seconds));
        }
    }

    @Test
    void s222_the_client_request_id_comes_back() {
        String id = UUID.randomUUID().toString();
        watched(Target.access().with(a -> a.clientRequestId = id)).queue(newQueue().name())
            .put("text");
        assertEquals(id, answer.get().header("x-ms-client-request-id"));
    }

    @Test
    void s223_every_version_that_the_sdk_offers_works() {
        List<String> all = SDK.versions();
        Set<String> some = new LinkedHashSet<>(
            List.of(all.get(0), all.get(all.size() / 2), all.get(all.size() - 1)));
        for (String version : some) {
            Access access = Target.access()
                .with(a -> a.version = version.equals(SDK.version()) ? null : version);
            Queue queue = watched(access).queue(newQueue().name());
            queue.put("text");
            assertEquals(version, answer.get().header("x-ms-version"));
            Queue.Message got = queue.get();
            assertEquals("text", got.text());
            assertEquals(version, answer.get().header("x-ms-version"));
            queue.delete(got);
            assertEquals(version, answer.get().header("x-ms-version"));
            assertEquals(0, queue.approximateMessagesCount());
        }
    }

    @Test
    void s224_an_answer_has_a_request_id_and_a_date() {
        watched(Target.access()).queue(newQueue().name()).put("text");
        assertNotNull(UUID.fromString(answer.get().header("x-ms-request-id")));
        assertEquals(SDK.version(), answer.get().header("x-ms-version"));
        ZonedDateTime date = ZonedDateTime.parse(answer.get().header("date"),
            DateTimeFormatter.RFC_1123_DATE_TIME);
        assertTrue(Duration.between(date.toInstant(), Instant.now()).abs()
            .compareTo(Duration.ofMinutes(1)) < 0, date::toString);
    }

    private Service watched(Access access) {
        return SDK.open(access.with(a -> a.answers = answer::set));
    }
}
