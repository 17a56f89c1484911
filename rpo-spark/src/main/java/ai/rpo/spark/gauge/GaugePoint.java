package ai.rpo.spark.gauge;

import ai.rpo.core.gauge.GroupedMean;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says what a policy is found to be: its distance from the reference in nats a completion, what its completions are
 * worth, and how it moved on preference pairs.
 *
 * @param step optimizer steps that it has been trained for
 * @param completions that this is the mean of
 * @param tokens of a completion
 * @param kl exact along each completion
 * @param k1 the same, estimated from the log-probabilities of the sampled tokens
 * @param k3 the same by another estimator
 * @param proxy reward of the models that are optimized against
 * @param gold reward that counts
 * @param shift of log-probabilities on pairs; empty where there are no pairs
 */
public record GaugePoint(
        long step,
        long completions,
        double tokens,
        GroupedMean kl,
        double k1,
        double k3,
        Optional<GroupedMean> proxy,
        Optional<GroupedMean> gold,
        Optional<LogpsShift> shift) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The mean change of log π(y|x) against the reference, in nats. */
    public record LogpsShift(double chosen, double rejected) {}

    /** Gives what can be chosen by, by the names of {@code rpo.selection.metric}. */
    public Map<String, Double> rewards() {
        Map<String, Double> rewards = new LinkedHashMap<>();
        proxy.ifPresent(mean -> rewards.put("proxy", mean.mean()));
        gold.ifPresent(mean -> rewards.put("gold", mean.mean()));
        return rewards;
    }

    /** A line of {@code gauge/points.jsonl}. */
    public String toJson() {
        ObjectNode json = JSON.createObjectNode();
        json.put("step", step).put("kl", kl.mean()).put("kl_se", kl.error());
        json.put("k1", k1).put("k3", k3);
        put(json, "proxy", proxy);
        put(json, "gold", gold);
        shift.ifPresent(
                moved -> json.put("logps_shift/chosen", moved.chosen()).put("logps_shift/rejected", moved.rejected()));
        return json.put("completions", completions).put("tokens", tokens).toString();
    }

    private static void put(ObjectNode json, String name, Optional<GroupedMean> mean) {
        mean.ifPresent(found -> json.put(name, found.mean()).put(name + "_se", found.error()));
    }

    /** @throws IllegalArgumentException if the text is not what {@link #toJson} writes */
    public static GaugePoint fromJson(String text) {
        JsonNode json;
        try {
            json = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
        Optional<LogpsShift> shift = json.has("logps_shift/chosen")
                ? Optional.of(new LogpsShift(number(json, "logps_shift/chosen"), number(json, "logps_shift/rejected")))
                : Optional.empty();
        return new GaugePoint(
                (long) number(json, "step"),
                (long) number(json, "completions"),
                number(json, "tokens"),
                new GroupedMean(number(json, "kl"), number(json, "kl_se")),
                number(json, "k1"),
                number(json, "k3"),
                mean(json, "proxy"),
                mean(json, "gold"),
                shift);
    }

    private static Optional<GroupedMean> mean(JsonNode json, String name) {
        return json.has(name)
                ? Optional.of(new GroupedMean(number(json, name), number(json, name + "_se")))
                : Optional.empty();
    }

    private static double number(JsonNode json, String name) {
        if (!json.path(name).isNumber()) {
            throw new IllegalArgumentException("a point without " + name);
        }
        return json.get(name).asDouble();
    }
}
