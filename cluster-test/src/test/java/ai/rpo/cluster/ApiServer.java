package ai.rpo.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An API server of Kubernetes that keeps what it is told to make, and runs nothing. */
final class ApiServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, ObjectNode> objects = new ConcurrentHashMap<>();
    private final List<JsonNode> made = new CopyOnWriteArrayList<>();

    ApiServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    /** For {@code KUBERNETES_MASTER}. */
    String master() {
        return "k8s://http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Waits until a client has asked for so many objects of a kind, or has ended; and gives them. */
    List<JsonNode> await(String kind, int count, Process client) throws InterruptedException {
        while (client.isAlive() && made(kind).size() < count) {
            Thread.sleep(50);
        }
        return made(kind);
    }

    /** Objects of a kind, as they were asked for. */
    List<JsonNode> made(String kind) {
        return made.stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .toList();
    }

    /** Adds a pod that is there already. */
    void addPod(String namespace, String name) {
        ObjectNode pod = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
        pod.putObject("metadata").put("name", name).put("namespace", namespace);
        keep("/api/v1/namespaces/" + namespace + "/pods/" + name, pod);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        byte[] body = exchange.getRequestBody().readAllBytes();
        switch (exchange.getRequestMethod()) {
            case "POST" -> {
                ObjectNode object = make(path, body);
                send(
                        exchange,
                        201,
                        keep(path + "/" + object.at("/metadata/name").asText(), object));
            }
            case "PATCH", "PUT" -> {
                ObjectNode object = make(path, body);
                send(exchange, 200, keep(path, object));
            }
            case "DELETE" -> send(exchange, 200, JSON.createObjectNode());
            default -> {
                if (objects.containsKey(path)) {
                    send(exchange, 200, objects.get(path));
                } else if (query.contains("watch=true")) {
                    // No web socket, so that the client asks again by plain HTTP; and nothing ever happens.
                    exchange.sendResponseHeaders(200, 0);
                    exchange.close();
                } else {
                    send(exchange, 200, list(path));
                }
            }
        }
    }

    /** What a body asks for, in the namespace of its address. */
    private ObjectNode make(String path, byte[] body) throws IOException {
        ObjectNode object = (ObjectNode) JSON.readTree(body);
        ((ObjectNode) object.get("metadata")).put("namespace", path.split("/")[4]);
        made.add(object);
        return object;
    }

    private ObjectNode keep(String path, ObjectNode object) {
        ObjectNode kept = object.deepCopy();
        ObjectNode metadata = (ObjectNode) kept.get("metadata");
        metadata.put("uid", "uid-" + objects.size()).put("resourceVersion", "1");
        metadata.put("creationTimestamp", "2026-01-02T02:00:00Z");
        if (kept.path("kind").asText().equals("Pod")) {
            kept.putObject("status").put("phase", "Pending");
        }
        objects.put(path, kept);
        return kept;
    }

    private ObjectNode list(String path) {
        ObjectNode list = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "List");
        list.putObject("metadata").put("resourceVersion", "1");
        list.putArray("items");
        objects.forEach((key, object) -> {
            if (key.startsWith(path + "/")) {
                list.withArray("items").add(object);
            }
        });
        return list;
    }

    private static void send(HttpExchange exchange, int status, JsonNode json) throws IOException {
        byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
