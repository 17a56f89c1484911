package ai.rpo.core.benchmark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A task's result: means of its rows' grades.
 *
 * @param n rows
 * @param shots examples in each prompt
 * @param metrics by name
 */
public record TaskScore(long n, int shots, Map<String, Mean> metrics) {

    /**
     * @param stderr standard error of the mean; absent where the rows are too few to tell
     */
    public record Mean(double value, OptionalDouble stderr) {}

    /**
     * A row's grades.
     *
     * @param group whose rows scatter about a mean of their own
     */
    public record Graded(String group, Map<String, Double> grades) implements Serializable {}

    /**
     * The standard error is sd/√n with the sample's standard deviation; of several groups it is pooled, each group's rows
     * being held against their own mean.
     */
    public static TaskScore of(int shots, List<Graded> rows) {
        Map<String, Map<String, List<Double>>> byMetric = new LinkedHashMap<>();
        for (Graded row : rows) {
            row.grades().forEach((metric, grade) -> byMetric.computeIfAbsent(metric, m -> new LinkedHashMap<>())
                    .computeIfAbsent(row.group(), g -> new ArrayList<>())
                    .add(grade));
        }
        Map<String, Mean> metrics = new LinkedHashMap<>();
        byMetric.forEach((metric, groups) ->
                metrics.put(metric, mean(groups.values().stream().toList())));
        return new TaskScore(rows.size(), shots, metrics);
    }

    private static Mean mean(List<List<Double>> groups) {
        long n = groups.stream().mapToLong(List::size).sum();
        double sum = groups.stream().flatMap(List::stream).mapToDouble(x -> x).sum();
        double squares = 0;
        for (List<Double> group : groups) {
            double mean = group.stream().mapToDouble(x -> x).average().orElseThrow();
            squares += group.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
        }
        long free = n - groups.size();
        return new Mean(sum / n, free > 0 ? OptionalDouble.of(Math.sqrt(squares / free / n)) : OptionalDouble.empty());
    }
}
