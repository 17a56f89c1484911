package ai.rpo.jobs.track;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A server that answers as MLflow's does, and keeps what it is told. */
public final class ScriptedMlflow implements AutoCloseable {

    private final HttpServer server;
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final ScriptedModels models = new ScriptedModels();
    private volatile boolean isDown;

    public ScriptedMlflow() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    public String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public void down(boolean value) {
        isDown = value;
    }

    /** Method, path, token and body of each call that was answered. */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /** What the alias {@code production} pointed to, one after the other: addresses of models. */
    public List<String> production() {
        return models.production();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        if (isDown) {
            send(exchange, 503, "no room for " + token);
            return;
        }
        String path = exchange.getRequestURI().getPath();
        calls.add(exchange.getRequestMethod() + " " + path + " " + token + " " + body);
        if (path.endsWith("experiments/get-by-name")) {
            send(exchange, 404, "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\"}");
        } else if (path.endsWith("experiments/create")) {
            send(exchange, 200, "{\"experiment_id\": \"7\"}");
        } else if (path.endsWith("runs/create")) {
            send(exchange, 200, "{\"run\": {\"info\": {\"run_id\": \"abc\"}}}");
        } else if (path.endsWith("runs/get")) {
            send(exchange, 200, "{\"run\": {\"info\": {\"artifact_uri\": \"mlflow-artifacts:/7/abc/artifacts\"}}}");
        } else if (path.contains("/registered-models/") || path.contains("/model-versions/")) {
            models.answer(exchange, path, body);
        } else {
            send(exchange, 200, "{}");
        }
    }

    static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
