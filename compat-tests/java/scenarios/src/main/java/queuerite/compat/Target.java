package queuerite.compat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import org.opentest4j.TestAbortedException;

/** The server that is tested, as the environment tells it. */
public final class Target {
    public static final String ENDPOINT = required("COMPAT_ENDPOINT").replaceAll("/$", "");
    public static final String ACCOUNT = required("COMPAT_ACCOUNT");
    public static final String KEY = required("COMPAT_KEY");
    public static final String RUN = required("COMPAT_RUN");

    /** How long to wait for what the cloud takes its time to do. */
    public static final Duration PATIENCE =
        Duration.ofSeconds("cloud".equals(System.getenv("COMPAT_PATIENCE")) ? 45 : 10);

    private Target() {
    }

    /** By the account key. */
    public static Access access() {
        return anonymous().with(a -> {
            a.account = ACCOUNT;
            a.key = KEY;
        });
    }

    public static Access anonymous() {
        return new Access().with(a -> a.endpoint = ENDPOINT);
    }

    public static Access sas(String signature) {
        return anonymous().with(a -> a.sas = signature);
    }

    public static String connectionString() {
        return "DefaultEndpointsProtocol=" + URI.create(ENDPOINT).getScheme() + ";AccountName="
            + ACCOUNT + ";AccountKey=" + KEY + ";QueueEndpoint=" + ENDPOINT + ";";
    }

    public static boolean https() {
        return ENDPOINT.startsWith("https:");
    }

    /** The secondary endpoint; a test that needs it is skipped where there is none. */
    public static String secondary() {
        String secondary = System.getenv("COMPAT_SECONDARY");
        if (secondary == null || secondary.isEmpty()) {
            throw new TestAbortedException("needs a secondary endpoint");
        }
        return secondary.replaceAll("/$", "");
    }

    /** By a token that nobody issued; a test that needs one is skipped where none are taken. */
    public static Access token(String token) {
        if (!"unverified".equals(System.getenv("COMPAT_TOKENS"))) {
            throw new TestAbortedException("needs tokens");
        }
        if (!https()) {
            throw new TestAbortedException("needs https");
        }
        return anonymous().with(a -> a.token = () -> token);
    }

    /** An address of this machine where nobody listens. */
    public static String nobody() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String required(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(name + " is not set; README.md tells of it");
        }
        return value;
    }
}
