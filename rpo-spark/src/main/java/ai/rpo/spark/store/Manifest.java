package ai.rpo.spark.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The note that makes a directory an artifact.
 *
 * @param stage that made it, such as {@code prepare}
 * @param version of the program that made it
 * @param createdAt when it was published
 * @param fingerprint what it depends on
 * @param counts what is in it, such as {@code train_pairs}
 * @param inputs the files from outside that it was made from, each with what tells its content
 */
public record Manifest(
        String stage,
        String version,
        Instant createdAt,
        Fingerprint fingerprint,
        Map<String, Long> counts,
        Map<String, String> inputs) {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public Manifest {
        Objects.requireNonNull(stage, "stage");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(createdAt, "createdAt");
        Objects.requireNonNull(fingerprint, "fingerprint");
        counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
        inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    }

    /** The note of an artifact made from other artifacts alone. */
    public Manifest(
            String stage, String version, Instant createdAt, Fingerprint fingerprint, Map<String, Long> counts) {
        this(stage, version, createdAt, fingerprint, counts, Map.of());
    }

    public String toJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("stage", stage);
        root.put("version", version);
        root.put("created_at", createdAt.toString());
        root.put("digest", fingerprint.digest());
        ObjectNode names = root.putObject("fingerprint");
        fingerprint.values().forEach(names::put);
        ObjectNode numbers = root.putObject("counts");
        counts.forEach(numbers::put);
        if (!inputs.isEmpty()) {
            inputs.forEach(root.putObject("inputs")::put);
        }
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @throws IllegalArgumentException if the text is not what {@link #toJson} writes, or was altered since
     */
    public static Manifest fromJson(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("it is not JSON (" + e.getOriginalMessage() + ")", e);
        }
        Map<String, String> names = new LinkedHashMap<>();
        require(root, "fingerprint")
                .fields()
                .forEachRemaining(
                        field -> names.put(field.getKey(), field.getValue().asText()));
        Map<String, Long> counts = new LinkedHashMap<>();
        require(root, "counts")
                .fields()
                .forEachRemaining(
                        field -> counts.put(field.getKey(), field.getValue().asLong()));
        Map<String, String> inputs = new LinkedHashMap<>();
        root.path("inputs")
                .fields()
                .forEachRemaining(
                        field -> inputs.put(field.getKey(), field.getValue().asText()));
        Fingerprint fingerprint = new Fingerprint(names);
        if (!require(root, "digest").asText().equals(fingerprint.digest())) {
            throw new IllegalArgumentException("its digest does not belong to its fingerprint");
        }
        try {
            return new Manifest(
                    require(root, "stage").asText(),
                    require(root, "version").asText(),
                    Instant.parse(require(root, "created_at").asText()),
                    fingerprint,
                    counts,
                    inputs);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("its created_at is no date (" + e.getMessage() + ")", e);
        }
    }

    private static JsonNode require(JsonNode root, String name) {
        JsonNode value = root == null ? null : root.get(name);
        if (value == null || value.isNull()) {
            throw new IllegalArgumentException("it has no \"" + name + "\"");
        }
        return value;
    }
}
