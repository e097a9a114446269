package queuerite.compat;

import java.net.URI;
import java.util.Map;

/** An answer as it came over the wire. Names of headers are in lower case. */
public record Answer(URI uri, int status, Map<String, String> headers) {
    public String header(String name) {
        return headers.get(name);
    }
}
