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
     */
    public static Map<String, Double> ofModel(Optional<String> metrics, Optional<String> judged) {
        Map<String, Double> figures = new HashMap<>();
        metrics.map(text -> parse("eval/metrics.json", text)).ifPresent(estimates -> {
            put(figures, GateSettings.ACCURACY, mean(estimates, Metrics.ACCURACY));
            JsonNode before = mean(estimates, Metrics.REFERENCE_CHOSEN_LOGPS);
            JsonNode after = mean(estimates, Metrics.CHOSEN_LOGPS);
            if (before.isNumber() && after.isNumber()) {
                figures.put(GateSettings.CHOSEN_DROP, before.asDouble() - after.asDouble());
            }
        });
        judged.map(text -> parse("judge/results.json", text)
                        .path("comparisons")
                        .path(0)
                        .path("low"))
                .filter(JsonNode::isNumber)
                .ifPresent(low -> figures.put(GateSettings.WIN_RATE, low.asDouble() / PERCENT));
        return figures;
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
