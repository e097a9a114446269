package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static queuerite.compat.Errors.refused;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConcurrencyScenarios extends Scenario {
    private static final int MANY = 16;

    @Test
    void s250_sixteen_consumers_share_a_queue() throws Exception {
        Queue queue = newQueue();
        List<String> put = GetScenarios.putMany(queue, 200);
        ConcurrentLinkedQueue<String> handled = new ConcurrentLinkedQueue<>();
        Instant deadline = Instant.now().plus(Duration.ofSeconds(60));
        atOnce(number -> {
            Queue own = SERVICE.queue(queue.name());
            while (handled.size() < put.size() && Instant.now().isBefore(deadline)) {
                for (Queue.Message message : own.get(4, 120)) {
                    own.delete(message);
                    handled.add(message.text());
                }
            }
            return null;
        });
        assertEquals(put.size(), handled.size());
        assertEquals(new HashSet<>(put), new HashSet<>(handled));
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s251_sixteen_producers_lose_nothing() throws Exception {
        Queue queue = newQueue();
        Set<String> put = new HashSet<>();
        for (List<String> texts : atOnce(number -> {
            Queue own = SERVICE.queue(queue.name());
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                texts.add("text " + number + "/" + i);
                own.put(texts.get(i));
            }
            return texts;
        })) {
            put.addAll(texts);
        }
        assertEquals(MANY * 20, queue.approximateMessagesCount());
        Set<String> ids = new HashSet<>();
        Set<String> got = new HashSet<>();
        for (List<Queue.Message> batch = queue.get(32, 120); !batch.isEmpty();
            batch = queue.get(32, 120)) {
            batch.forEach(message -> {
                ids.add(message.id());
                got.add(message.text());
            });
        }
        assertEquals(MANY * 20, ids.size());
        assertEquals(put, got);
    }

    @Test
    void s252_one_receipt_deletes_once() throws Exception {
        Queue queue = newQueue();
        queue.put("text");
        Queue.Message got = queue.get();
        List<Boolean> deleted = atOnce(number -> {
            Queue own = SERVICE.queue(queue.name());
            try {
                own.delete(got);
                return true;
            } catch (Exception e) {
                refused("MessageNotFound", () -> {
                    throw e;
                });
                return false;
            }
        });
        assertEquals(1, deleted.stream().filter(was -> was).count());
        assertEquals(0, queue.approximateMessagesCount());
    }

    @Test
    void s253_one_of_many_creates_a_queue() throws Exception {
        String name = newName();
        ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
        Service watched = SDK.open(
            Target.access().with(a -> a.answers = answer -> statuses.add(answer.status())));
        atOnce(number -> {
            watched.queue(name).create();
            return null;
        });
        assertEquals(MANY, statuses.size());
        assertEquals(1, statuses.stream().filter(status -> status == 201).count());
        assertEquals(MANY - 1, statuses.stream().filter(status -> status == 204).count());
    }

    private interface Work<T> {
        T of(int number) throws Exception;
    }

    /** Sixteen threads that begin together; what one of them throws is thrown. */
    private static <T> List<T> atOnce(Work<T> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(MANY);
        CyclicBarrier start = new CyclicBarrier(MANY);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> future : threads.invokeAll(IntStream.range(0, MANY)
                .<Callable<T>>mapToObj(number -> () -> {
                    start.await();
                    return work.of(number);
                })
                .toList())) {
                results.add(future.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
