package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Waiting.until;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OrderScenarios extends Scenario {
    @Test
    void s150_first_in_first_out() {
        Queue queue = newQueue();
        List<String> put = GetScenarios.putMany(queue, 10);
        List<String> got = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            got.add(queue.get().text());
        }
        assertEquals(put, got);
    }

    @Test
    void s151_a_batch_is_in_order() {
        Queue queue = newQueue();
        List<String> put = GetScenarios.putMany(queue, 10);
        assertEquals(put, queue.get(10).stream().map(Queue.Message::text).toList());
    }

    @Test
    void s152_what_was_hidden_comes_when_it_is_visible() {
        Queue queue = newQueue();
        queue.put("A", 3, null);
        queue.put("B");
        assertEquals("B", queue.get(1, 60).get(0).text());
        assertEquals("A", until(Duration.ofSeconds(15), queue::get).text());
    }
}
