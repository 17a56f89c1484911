package ai.rpo.jobs.gates;

import ai.rpo.core.RpoException;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Reads what gates ask for out of the files that stages leave; a figure that is in none of them is left out. */
public final class Figures {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String BENCHMARKS = "results.json of benchmark tasks";

    private static final double PERCENT = 100;

    private Figures() {}

    /**
     * Reads what preparing counted.
     *
     * @param report text of {@code data/report.json}
     */
    public static Map<String, Double> ofData(String report) {
        Map<String, Double> figures = new HashMap<>();
        JsonNode counts = parse("data/report.json", report);
        put(figures, GateSettings.NEW_PAIRS, counts.path("train").path("rows"));
        put(figures, GateSettings.REJECTED, counts.path("rejected_fraction"));
        return figures;
    }

    /** Gives the same of data that have no rows. */
    public static Map<String, Double> ofNoData() {
        return Map.of(GateSettings.NEW_PAIRS, 0.0, GateSettings.REJECTED, 0.0);
    }

    /**
     * Reads what was measured of a model.
     *
     * @param metrics text of {@code eval/metrics.json}
     * @param judged text of {@code judge/results.json}, of the model against its reference
     * @param gauged text of {@code gauge/points.jsonl}
     * @param before text of {@code results.json} of benchmark tasks, of the model that training started from
     * @param after the same of the trained model
     */
    public static Map<String, Double> ofModel(
            Optional<String> metrics,
            Optional<String> judged,
            Optional<String> gauged,
            Optional<String> before,
            Optional<String> after) {
        Map<String, Double> figures = new HashMap<>();
        metrics.map(text -> parse("eval/metrics.json", text)).ifPresent(estimates -> {
            put(figures, GateSettings.ACCURACY, mean(estimates, Metrics.ACCURACY));
            JsonNode reference = mean(estimates, Metrics.REFERENCE_CHOSEN_LOGPS);
            JsonNode policy = mean(estimates, Metrics.CHOSEN_LOGPS);
            if (reference.isNumber() && policy.isNumber()) {
                figures.put(GateSettings.CHOSEN_DROP, reference.asDouble() - policy.asDouble());
            }
        });
        judged.map(text -> parse("judge/results.json", text)
                        .path("comparisons")
                        .path(0)
                        .path("low"))
                .filter(JsonNode::isNumber)
                .ifPresent(low -> figures.put(GateSettings.WIN_RATE, low.asDouble() / PERCENT));
        gauged.ifPresent(points -> points.lines()
                .map(point -> parse("gauge/points.jsonl", point).path("kl"))
                .filter(JsonNode::isNumber)
                .forEach(kl -> figures.merge(GateSettings.KL, kl.asDouble(), Math::max)));
        if (before.isPresent() && after.isPresent()) {
            figures.putAll(drops(parse(BENCHMARKS, before.get()), parse(BENCHMARKS, after.get())));
        }
        return figures;
    }

    /** Gives each task's drop in the metric that fell most; metrics are those with a standard error beside them. */
    private static Map<String, Double> drops(JsonNode before, JsonNode after) {
        Map<String, Double> drops = new HashMap<>();
        before.properties().forEach(task -> task.getValue().properties().forEach(metric -> {
            JsonNode now = after.path(task.getKey()).path(metric.getKey());
            if (task.getValue().has(metric.getKey() + "_stderr") && now.isNumber()) {
                drops.merge(
                        GateSettings.BENCHMARK_DROP + "." + task.getKey(),
                        metric.getValue().asDouble() - now.asDouble(),
                        Math::max);
            }
        }));
        return drops;
    }

    private static JsonNode mean(JsonNode estimates, Metric metric) {
        return estimates.path(metric.name()).path("mean");
    }

    private static void put(Map<String, Double> figures, String name, JsonNode value) {
        if (value.isNumber()) {
            figures.put(name, value.asDouble());
        }
    }

    private static JsonNode parse(String file, String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw RpoException.data("Cannot read " + file + ": it is not JSON (" + e.getOriginalMessage()
                    + "). Run the stage that writes it again.");
        }
    }
}
