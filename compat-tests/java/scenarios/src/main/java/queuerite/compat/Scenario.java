package queuerite.compat;

import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.AfterEach;

/** What all scenarios share: a client, and queues that are deleted in the end. */
abstract class Scenario {
    static final Sdk SDK = Sdk.current();
    static final Service SERVICE = SDK.open(Target.access());
    static final int WEEK = 604_800;

    private final Deque<String> names = new ConcurrentLinkedDeque<>();

    /** An empty queue of the test's own. */
    Queue newQueue() {
        return newQueue(Map.of());
    }

    Queue newQueue(Map<String, String> metadata) {
        Queue queue = SERVICE.queue(newName());
        queue.create(metadata);
        return queue;
    }

    Queue missingQueue() {
        return SERVICE.queue(newName());
    }

    /** A name that nobody else uses; if a queue gets it, it is deleted in the end. */
    String newName() {
        return newName("");
    }

    String newName(String suffix) {
        return named("c" + Target.RUN + "-" + random() + suffix);
    }

    /** Says that a queue of this name may come to be. */
    String named(String name) {
        names.add(name);
        return name;
    }

    static String random() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 12);
    }

    static String letters(int count) {
        return "a".repeat(count);
    }

    @AfterEach
    void deleteQueues() {
        for (String name : names) {
            SERVICE.queue(name).deleteIfExists();
        }
    }
}
