package ai.rpo.core.train;

import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Objective;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Says by what the model is chosen among the checkpoints of preference training; the keys of {@code rpo.selection}.
 *
 * @param metric held-out metric of the objective that each checkpoint is measured by, or one of {@link #OF_GAUGE}; empty to take
 *     the last checkpoint
 * @param patience checkpoints in a row that do not improve on the best, after which training stops; 0 to go on to the end
 */
public record SelectionSettings(Optional<String> metric, int patience) {

    /** Metrics that no objective has: rewards of a policy's own completions, which the gauge measures. More is better. */
    public static final List<String> OF_GAUGE = List.of("gold", "proxy");

    public SelectionSettings {
        if (patience < 0) {
            throw new IllegalArgumentException("patience must be at least 0, but is " + patience);
        }
    }

    /** Tells whether checkpoints are chosen by what the gauge measures. */
    public boolean isByGauge() {
        return metric.filter(OF_GAUGE::contains).isPresent();
    }

    /**
     * Finds the metric among those of an objective; empty where none is given, or one of the gauge.
     *
     * @throws IllegalArgumentException if the objective has none of that name, or none that is better one way
     */
    public Optional<Metric> metricOf(Objective objective) {
        List<Metric> candidates = objective.metrics().stream()
                .filter(each -> each.better() != Metric.Better.NEITHER && each.shown() == Metric.Shown.EVERYWHERE)
                .toList();
        return metric.filter(name -> !OF_GAUGE.contains(name)).map(name -> candidates.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("metric must be one of "
                        + Stream.concat(candidates.stream().map(Metric::name), OF_GAUGE.stream())
                                .collect(Collectors.joining(", "))
                        + ", but is " + name)));
    }
}
