package ai.rpo.jobs.track;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The calls of MLflow's REST interface that runs and registered models need. No message of it has the token. */
final class MlflowClient {

    /** What the server takes at once. */
    private static final int PARAMS_AT_ONCE = 100;

    private static final int METRICS_AT_ONCE = 1000;
    private static final int LONGEST_PARAM = 500;
    private static final int MISSING = 404;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PATIENCE_WITH_FILES = Duration.ofMinutes(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String server;
    private final Optional<String> token;

    /** @param token of the server */
    MlflowClient(String server, Optional<String> token) {
        this.server = server.replaceFirst("/+$", "");
        this.token = token;
    }

    /** One number of a run at a step. */
    record Metric(String key, double value, long timestamp, long step) {}

    /**
     * Finds an experiment by its name, or makes it.
     *
     * @throws IOException where the server does not answer, or refuses
     */
    String experiment(String name) throws IOException {
        Optional<JsonNode> found = get("experiments/get-by-name?experiment_name=" + encoded(name));
        return found.isPresent()
                ? found.get().at("/experiment/experiment_id").asText()
                : post("experiments/create", JSON.createObjectNode().put("name", name))
                        .path("experiment_id")
                        .asText();
    }

    String createRun(String experiment, String name, long startTime) throws IOException {
        ObjectNode run = JSON.createObjectNode();
        run.put("experiment_id", experiment);
        run.put("run_name", name);
        run.put("start_time", startTime);
        return post("runs/create", run).at("/run/info/run_id").asText();
    }

    void logParams(String run, Map<String, String> params) throws IOException {
        List<Map.Entry<String, String>> all = new ArrayList<>(params.entrySet());
        for (int from = 0; from < all.size(); from += PARAMS_AT_ONCE) {
            ObjectNode batch = JSON.createObjectNode().put("run_id", run);
            all.subList(from, Math.min(all.size(), from + PARAMS_AT_ONCE)).forEach(param -> batch.withArray("params")
                    .addObject()
                    .put("key", param.getKey())
                    .put(
                            "value",
                            param.getValue()
                                    .substring(0, Math.min(param.getValue().length(), LONGEST_PARAM))));
            post("runs/log-batch", batch);
        }
    }

    void logMetrics(String run, List<Metric> metrics) throws IOException {
        for (int from = 0; from < metrics.size(); from += METRICS_AT_ONCE) {
            ObjectNode batch = JSON.createObjectNode().put("run_id", run);
            metrics.subList(from, Math.min(metrics.size(), from + METRICS_AT_ONCE))
                    .forEach(metric -> batch.withArray("metrics")
                            .addObject()
                            .put("key", metric.key())
                            .put("value", metric.value())
                            .put("timestamp", metric.timestamp())
                            .put("step", metric.step()));
            post("runs/log-batch", batch);
        }
    }

    /** @param status RUNNING, FINISHED or FAILED */
    void update(String run, String status, long time) throws IOException {
        ObjectNode update = JSON.createObjectNode().put("run_id", run).put("status", status);
        if (!status.equals("RUNNING")) {
            update.put("end_time", time);
        }
        post("runs/update", update);
    }

    /**
     * Leaves a file with a run, where the server keeps artifacts itself.
     *
     * @return whether it does
     */
    boolean logArtifact(String run, String name, byte[] content) throws IOException {
        Optional<String> artifacts = artifacts(run);
        if (artifacts.isPresent()) {
            upload(artifacts.get() + "/" + name, BodyPublishers.ofByteArray(content));
        }
        return artifacts.isPresent();
    }

    /** Finds the address of a run's artifacts, where the server keeps them itself. */
    Optional<String> artifacts(String run) throws IOException {
        return get("runs/get?run_id=" + run)
                .map(found -> found.at("/run/info/artifact_uri").asText())
                .filter(uri -> uri.startsWith("mlflow-artifacts:"));
    }

    /** @param address below that of a run's artifacts */
    void upload(String address, BodyPublisher content) throws IOException {
        String path = URI.create(address).getPath().replaceFirst("^/+", "");
        send(request("/api/2.0/mlflow-artifacts/artifacts/" + path)
                .timeout(PATIENCE_WITH_FILES)
                .PUT(content)
                .build());
    }

    /**
     * Finds the version of a registered model that an alias points to; a model that is not there is made.
     *
     * @return empty where nothing has the alias
     */
    Optional<String> alias(String model, String alias) throws IOException {
        Optional<JsonNode> found = get("registered-models/get?name=" + encoded(model));
        if (found.isEmpty()) {
            post("registered-models/create", JSON.createObjectNode().put("name", model));
            return Optional.empty();
        }
        for (JsonNode each : found.get().at("/registered_model/aliases")) {
            if (each.path("alias").asText().equals(alias)) {
                return Optional.of(each.path("version").asText());
            }
        }
        return Optional.empty();
    }

    /** Finds the version of a registered model whose files are at an address. */
    Optional<String> modelVersion(String model, String source) throws IOException {
        String filter = "name = '" + model + "' and source_path = \"" + source + "\"";
        return get("model-versions/search?filter=" + encoded(filter))
                .map(found -> found.at("/model_versions/0/version").asText())
                .filter(version -> !version.isEmpty());
    }

    /**
     * Adds a version to a registered model.
     *
     * @param source address of its files
     * @param number it has with us
     * @param run that trained it
     * @return the number that the server gave it
     */
    String createModelVersion(String model, String source, int number, Optional<String> run) throws IOException {
        ObjectNode version = JSON.createObjectNode().put("name", model).put("source", source);
        run.ifPresent(id -> version.put("run_id", id));
        version.withArray("tags").addObject().put("key", "rpo.version").put("value", Integer.toString(number));
        return post("model-versions/create", version)
                .at("/model_version/version")
                .asText();
    }

    void setAlias(String model, String alias, String version) throws IOException {
        post(
                "registered-models/alias",
                JSON.createObjectNode().put("name", model).put("alias", alias).put("version", version));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private Optional<JsonNode> get(String call) throws IOException {
        HttpResponse<String> response =
                exchange(request("/api/2.0/mlflow/" + call).GET().build());
        return response.statusCode() == MISSING ? Optional.empty() : Optional.of(body(response));
    }

    private JsonNode post(String call, ObjectNode body) throws IOException {
        return send(request("/api/2.0/mlflow/" + call)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()))
                .build());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(server + path)).timeout(PATIENCE);
        token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
        return request;
    }

    private JsonNode send(HttpRequest request) throws IOException {
        return body(exchange(request));
    }

    private HttpResponse<String> exchange(HttpRequest request) throws IOException {
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private JsonNode body(HttpResponse<String> response) throws IOException {
        if (response.statusCode() / 100 != 2) {
            String said = response.body().lines().findFirst().orElse("");
            throw new IOException("HTTP " + response.statusCode() + " from "
                    + response.uri().getPath() + ": " + hidden(said.substring(0, Math.min(said.length(), 200))));
        }
        return JSON.readTree(response.body().isBlank() ? "{}" : response.body());
    }

    private String hidden(String text) {
        return token.map(value -> text.replace(value, "(token)")).orElse(text);
    }
}
