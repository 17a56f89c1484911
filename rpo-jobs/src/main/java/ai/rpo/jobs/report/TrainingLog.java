package ai.rpo.jobs.report;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.report.Curve.Point;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * {@code metrics.jsonl} of a training stage: a row of named numbers for each optimizer step.
 *
 * @param rows in the order of the file; a step that was computed again after a restart appears once, as its last row
 */
record TrainingLog(List<Map<String, Double>> rows) {

    static final TrainingLog EMPTY = new TrainingLog(List.of());

    /**
     * A last line that a killed job left unfinished is ignored.
     *
     * @throws RpoException for any other line that is not a JSON object
     */
    static TrainingLog parse(String text, String file) {
        String[] lines = text.split("\n");
        TreeMap<Double, Map<String, Double>> bySteps = new TreeMap<>();
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].isBlank()) {
                continue;
            }
            try {
                JsonNode json = RunArtifacts.JSON.readTree(lines[i]);
                if (!json.isObject()) {
                    throw damaged(file, i + 1, "it is not an object");
                }
                Map<String, Double> row = numbers(json);
                bySteps.put(row.getOrDefault("step", i + 1.0), row);
            } catch (JsonProcessingException e) {
                boolean unfinished = i == lines.length - 1 && !text.endsWith("\n");
                if (!unfinished) {
                    throw damaged(file, i + 1, e.getOriginalMessage());
                }
            }
        }
        return new TrainingLog(List.copyOf(bySteps.values()));
    }

    private static RpoException damaged(String file, int line, String why) {
        return RpoException.data(String.format(
                Locale.ROOT,
                "Cannot read line %d of %s: %s. Remove the line, or train again with rpo.overwrite = true.",
                line,
                file,
                why));
    }

    private static Map<String, Double> numbers(JsonNode json) {
        Map<String, Double> row = new LinkedHashMap<>();
        json.fields().forEachRemaining(field -> {
            if (field.getValue().isNumber()) {
                row.put(field.getKey(), field.getValue().asDouble());
            }
        });
        return row;
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    int steps() {
        return rows.size();
    }

    /** A metric by step; empty where it was not recorded. */
    List<Point> curve(String metric) {
        return curve(metric, "step");
    }

    /** A metric by epoch, a point a step. */
    List<Point> byEpoch(String metric) {
        return curve(metric, "epoch");
    }

    private List<Point> curve(String metric, String by) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Map<String, Double> row = rows.get(i);
            Double value = row.get(metric);
            if (value != null && Double.isFinite(value)) {
                points.add(Point.at(row.getOrDefault(by, i + 1.0), value));
            }
        }
        return points;
    }

    /** The mean of a metric over the steps of each epoch, by the number of the epoch from 1. */
    Map<Integer, Double> epochMeans(String metric) {
        Map<Integer, List<Double>> values = new TreeMap<>();
        for (Map<String, Double> row : rows) {
            Double value = row.get(metric);
            Double epoch = row.get("epoch");
            if (value != null && epoch != null && Double.isFinite(value)) {
                int number = Math.max(1, (int) Math.ceil(epoch - 1e-6));
                values.computeIfAbsent(number, key -> new ArrayList<>()).add(value);
            }
        }
        Map<Integer, Double> means = new TreeMap<>();
        values.forEach((epoch, all) -> means.put(
                epoch, all.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return means;
    }

    /** The mean of a metric over the first or last {@code share} of the steps. */
    OptionalDouble mean(String metric, boolean first, double share) {
        List<Point> points = curve(metric);
        int count = Math.max(1, (int) Math.round(points.size() * share));
        return (first ? points.stream().limit(count) : points.stream().skip(Math.max(0, points.size() - count)))
                .mapToDouble(Point::y)
                .average();
    }
}
