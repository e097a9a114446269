package queuerite.compat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands before the server, is busy at the first attempts, and passes the rest on. A signature does
 * not cover the host, so what was signed for it is good for the server.
 */
final class Front implements AutoCloseable {
    private static final Set<String> OF_THE_CONNECTION =
        Set.of("connection", "content-length", "expect", "host", "transfer-encoding", "upgrade");

    private final AtomicInteger attempts = new AtomicInteger();
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpServer server;
    private final int busy;

    Front(int busy) {
        this.busy = busy;
        try {
            server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::answer);
        server.start();
    }

    /** The endpoint as it is seen through this. */
    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort()
            + URI.create(Target.ENDPOINT).getRawPath();
    }

    int attempts() {
        return attempts.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (attempts.incrementAndGet() <= busy) {
                exchange.getResponseHeaders().set("x-ms-error-code", "ServerBusy");
                exchange.sendResponseHeaders(503, -1);
            } else {
                pass(exchange, body);
            }
        }
    }

    private void pass(HttpExchange exchange, byte[] body) throws IOException {
        URI uri = URI.create(Target.ENDPOINT).resolve(exchange.getRequestURI());
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(
            exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        HttpResponse<byte[]> response;
        try {
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        response.headers().map().forEach((name, values) -> {
            if (!OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, List.copyOf(values));
            }
        });
        int length = response.body().length;
        exchange.sendResponseHeaders(response.statusCode(), length == 0 ? -1 : length);
        exchange.getResponseBody().write(response.body());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
