package ai.rpo.spark.judge;

import ai.rpo.core.judge.ServerReply;
import java.io.IOException;
import java.io.Serializable;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server of the chat-completions protocol. All tasks of a JVM share its connections.
 *
 * @param url without a slash at its end
 * @param key null where none is sent
 */
record Endpoint(String url, EndpointKey key, Duration timeout) implements Serializable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

    Endpoint {
        url = url.replaceAll("/+$", "");
    }

    /** Made by the first request of a JVM. */
    private static final class Connections {
        static final HttpClient CLIENT = client();

        private static HttpClient client() {
            // Some servers mistake the offer of HTTP/2 for something else.
            HttpClient.Builder builder =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT_TIMEOUT);
            if (ProxySelector.getDefault() != null) {
                builder.proxy(ProxySelector.getDefault());
            }
            return builder.build();
        }
    }

    /**
     * Asks once.
     *
     * @throws IOException if there was no whole reply in time
     */
    ServerReply complete(String body) throws IOException, InterruptedException {
        return send(request("/chat/completions")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8)));
    }

    /** The models that it has. */
    ServerReply models() throws IOException, InterruptedException {
        return send(request("/models").GET());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url + path)).header("Accept", "application/json");
        return key == null ? request : request.header("Authorization", key.header());
    }

    private ServerReply send(HttpRequest.Builder request) throws IOException, InterruptedException {
        // A timeout of the request itself would end with the reply's headers.
        CompletableFuture<HttpResponse<String>> reply =
                Connections.CLIENT.sendAsync(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
        try {
            return shown(reply.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException e) {
            throw new HttpTimeoutException("there was no answer within " + timeout.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        } finally {
            reply.cancel(true); // where it has not come, nobody waits for it any more
        }
    }

    private ServerReply shown(HttpResponse<String> response) {
        Map<String, String> headers = new HashMap<>();
        response.headers()
                .map()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), shown(values.get(0))));
        return new ServerReply(response.statusCode(), headers, shown(response.body()));
    }

    /** Some servers repeat a key that they do not know. */
    private String shown(String text) {
        return key == null ? text : key.removedFrom(text);
    }
}
