package queuerite.compat;

import java.util.List;
import java.util.ServiceLoader;

/** A client library, as the scenarios see it; the system property {@code compat.sdk} chooses. */
public interface Sdk {
    /** The name to choose it by. */
    String name();

    /** A client of the service. */
    Service open(Access access);

    /** A client of one queue, made of the queue's URL, which may carry a signature. */
    Queue openUrl(String url, Access access);

    /** What a connection string that means the local emulator is turned into. */
    default Service openDevelopment() {
        return open(new Access().with(a -> a.connectionString = "UseDevelopmentStorage=true"));
    }

    /** The versions of the service that the library lets one choose, oldest first. */
    List<String> versions();

    /** The version that it sends by itself. */
    String version();

    /** Whether the library looks at what it is given and refuses much of it before it is sent. */
    boolean checksBeforeSending();

    /** What the service said, if this is how the library tells that the service refused. */
    Refusal refusal(Throwable thrown);

    static Sdk current() {
        return Loaded.SDK;
    }

    /** Loaded once. */
    final class Loaded {
        private static final Sdk SDK = ServiceLoader.load(Sdk.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(sdk -> sdk.name().equals(System.getProperty("compat.sdk")))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException(
                "no library is called " + System.getProperty("compat.sdk")));

        private Loaded() {
        }
    }
}
