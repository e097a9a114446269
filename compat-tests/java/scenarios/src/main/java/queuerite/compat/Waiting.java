package queuerite.compat;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.junit.jupiter.api.function.Executable;

/** Asking again and again until something is so. */
public final class Waiting {
    private Waiting() {
    }

    /** What the supplier gives as soon as it gives something. */
    public static <T> T until(Duration patience, Supplier<T> supplier) {
        Instant deadline = Instant.now().plus(patience);
        while (true) {
            T value = supplier.get();
            if (value != null) {
                return value;
            }
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("nothing came in " + patience);
            }
            pause(50);
        }
    }

    /** For what the cloud takes its time to do: runs the block until it passes. */
    public static void eventually(Executable block) throws Throwable {
        Instant deadline = Instant.now().plus(Target.PATIENCE);
        while (true) {
            try {
                block.execute();
                return;
            } catch (AssertionError | RuntimeException e) {
                if (Instant.now().isAfter(deadline)) {
                    throw e;
                }
            }
            pause(200);
        }
    }

    /** For what takes its time by its nature, such as a timeout that runs out. */
    public static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
