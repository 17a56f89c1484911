package ai.rpo.jobs.track;

import java.util.LinkedHashMap;
import java.util.Map;

/** Holds what a line of {@code metrics.jsonl} says in numbers. */
final class MetricsOfStep {

    private MetricsOfStep() {}

    static long step(Map<String, Object> line) {
        return ((Number) line.get("step")).longValue();
    }

    /** All but the step; what is not finite is left out. */
    static Map<String, Double> numbers(Map<String, Object> line) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        line.forEach((name, value) -> {
            if (value instanceof Number number && !name.equals("step") && Double.isFinite(number.doubleValue())) {
                numbers.put(name, number.doubleValue());
            }
        });
        return numbers;
    }
}
