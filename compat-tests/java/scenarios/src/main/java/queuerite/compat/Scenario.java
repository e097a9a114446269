package queuerite.compat;

import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.AfterEach;

/** What all scenarios share: a client, and queues that are deleted in the end. */
public abstract class Scenario {
    protected static final Sdk SDK = Sdk.current();
    protected static final Service SERVICE = SDK.open(Target.access());
    protected static final int WEEK = 604_800;

    static {
        // The first calls of a Java machine are slow, and some scenarios count seconds.
        try {
            Queue queue = SERVICE.queue("c" + Target.RUN + "-" + random());
            queue.create();
            try {
                queue.put("text");
                queue.delete(queue.get());
            } finally {
                queue.delete();
            }
        } catch (Exception e) {
            // What is wrong here is wrong in a scenario too, which says so.
        }
    }

    private final Deque<String> names = new ConcurrentLinkedDeque<>();

    /** An empty queue of the test's own. */
    protected Queue newQueue() {
        return newQueue(Map.of());
    }

    protected Queue newQueue(Map<String, String> metadata) {
        Queue queue = SERVICE.queue(newName());
        queue.create(metadata);
        return queue;
    }

    protected Queue missingQueue() {
        return SERVICE.queue(newName());
    }

    /** A name that nobody else uses; if a queue gets it, it is deleted in the end. */
    protected String newName() {
        return named("c" + Target.RUN + "-" + random());
    }

    /** Says that a queue of this name may come to be. */
    protected String named(String name) {
        names.add(name);
        return name;
    }

    protected static String random() {
        return UUID.randomUUID().toString().replace("-", "").substring(0, 12);
    }

    protected static String letters(int count) {
        return "a".repeat(count);
    }

    @AfterEach
    protected void deleteQueues() {
        for (String name : names) {
            SERVICE.queue(name).deleteIfExists();
        }
    }
}
