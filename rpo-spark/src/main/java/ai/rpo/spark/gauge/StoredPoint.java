package ai.rpo.spark.gauge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A point as it is kept.
 *
 * @param identity of what it was measured by
 * @param policy fingerprint of the weights that were measured
 */
record StoredPoint(String identity, String policy, GaugePoint point) {

    private static final ObjectMapper JSON = new ObjectMapper();

    boolean isOf(String otherIdentity, String otherPolicy) {
        return identity.equals(otherIdentity) && policy.equals(otherPolicy);
    }

    String toJson() {
        try {
            ObjectNode json = JSON.createObjectNode();
            json.put("gauge", identity).put("policy", policy).set("point", JSON.readTree(point.toJson()));
            return json.toPrettyString() + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads it; empty where the text is damaged, so that it is made again. */
    static Optional<StoredPoint> parse(String text) {
        try {
            JsonNode json = JSON.readTree(text);
            return Optional.of(new StoredPoint(
                    json.path("gauge").asText(),
                    json.path("policy").asText(),
                    GaugePoint.fromJson(json.path("point").toString())));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
