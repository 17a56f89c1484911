package ai.rpo.spark.judge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A server of the chat-completions protocol on loopback that behaves, or misbehaves, as a test tells it to. */
final class ScriptedServer implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the server sends back; a null body cuts the connection. */
    record Reply(int status, Map<String, String> headers, String body) {

        static Reply of(int status, String body) {
            return new Reply(status, Map.of("Content-Type", "application/json"), body);
        }

        static Reply cut() {
            return new Reply(200, Map.of(), null);
        }

        static Reply error(int status, String code, String message) {
            ObjectNode error = JSON.createObjectNode();
            error.putObject("error").put("code", code).put("message", message);
            return of(status, error.toString());
        }

        static Reply answer(String text) {
            return of(200, completion(text, "stop").toString());
        }

        static Reply answer(String text, Map<String, Double> logprobs) {
            ObjectNode response = completion(text, "stop");
            ArrayNode top = ((ObjectNode) response.at("/choices/0"))
                    .putObject("logprobs")
                    .putArray("content")
                    .addObject()
                    .put("token", text)
                    .putArray("top_logprobs");
            logprobs.forEach(
                    (token, logprob) -> top.addObject().put("token", token).put("logprob", logprob));
            return of(200, response.toString());
        }

        static ObjectNode completion(String text, String finish) {
            ObjectNode response = JSON.createObjectNode();
            response.put("model", "scripted-1");
            ObjectNode choice = response.putArray("choices").addObject();
            choice.put("finish_reason", finish);
            choice.putObject("message").put("role", "assistant").put("content", text);
            response.putObject("usage").put("prompt_tokens", 100).put("completion_tokens", 3);
            return response;
        }
    }

    /** Decides by a question's text and how often it was asked before. */
    interface Script {
        Reply reply(String text, int before, JsonNode request) throws InterruptedException;
    }

    private final HttpServer server;
    private final Map<String, Integer> counts = new ConcurrentHashMap<>();
    private final List<Long> times = new CopyOnWriteArrayList<>();
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger mostAtOnce = new AtomicInteger();

    ScriptedServer(Script script) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/v1/chat/completions", exchange -> answer(exchange, script));
        server.start();
    }

    private void answer(HttpExchange exchange, Script script) {
        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        times.add(System.nanoTime());
        try (exchange) {
            authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            JsonNode messages = request.path("messages");
            String text = messages.path(messages.size() - 1).path("content").asText();
            Reply reply = script.reply(text, counts.merge(text, 1, Integer::sum) - 1, request);
            atOnce.decrementAndGet();
            if (reply.body() == null) {
                exchange.sendResponseHeaders(reply.status(), 1000);
                exchange.getResponseBody().write("{\"choices\":".getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
                return; // the rest never comes
            }
            reply.headers()
                    .forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
            byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // whoever asked is gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    /** How often each text was asked. */
    Map<String, Integer> counts() {
        return counts;
    }

    int requests() {
        return times.size();
    }

    /** When requests came, in nanoseconds. */
    List<Long> times() {
        return times;
    }

    List<String> authorizations() {
        return authorizations;
    }

    int mostAtOnce() {
        return mostAtOnce.get();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
