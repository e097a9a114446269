package queuerite.compat;

import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** How a client reaches the service and by what right. A change makes a copy. */
public final class Access implements Cloneable {
    public String endpoint;
    public String connectionString;

    // One of these, or none at all.
    public String account;
    public String key;
    public String sas;
    public Supplier<String> token;

    /** The version of the service; null for what the library sends by itself. */
    public String version;
    /** Where reads go when the primary does not answer. */
    public String secondary;
    /** Attempts in all: one, since a retry would hide a fault. */
    public int tries = 1;
    /** Whether texts are sent in Base64. */
    public boolean base64;
    /** Seconds that the service may take, as its query parameter. */
    public Integer timeout;
    /** The client request id; null for one that the library makes up. */
    public String clientRequestId;
    /** Headers and query parameters that are set before the request is signed. */
    public Map<String, String> headers = Map.of();
    public Map<String, String> query = Map.of();
    /** Gets every answer. */
    public Consumer<Answer> answers = answer -> { };

    public Access with(Consumer<Access> change) {
        try {
            Access copy = (Access) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
