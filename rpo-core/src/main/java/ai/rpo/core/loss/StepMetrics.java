package ai.rpo.core.loss;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metric.Mean;
import ai.rpo.core.objective.Metric.Shown;
import ai.rpo.core.objective.Outcome;
import java.io.Serializable;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds sums over examples from which the means of an optimizer step are taken, so that micro-batches and workers can be
 * joined in any split.
 */
public final class StepMetrics implements Serializable {

    private static final long serialVersionUID = 1L;

    private final LinkedHashMap<String, Double> sums = new LinkedHashMap<>();
    private final Set<String> hidden = new HashSet<>();
    private long examples;
    private long tokens;

    /** Adds one example with what the objective measured of it. */
    void add(TrainingExample example, List<Metric> metrics, Outcome outcome, BatchSize batch) {
        examples++;
        tokens += example.example().packedRows();
        for (Metric metric : metrics) {
            double value = outcome.values().get(metric);
            sums.merge(metric.name(), metric.mean() == Mean.OF_SHARES ? value * batch.pairs() : value, Double::sum);
            if (metric.shown() == Shown.NOWHERE) {
                hidden.add(metric.name());
            }
        }
    }

    /** Sets a quantity that belongs to the step as a whole; joining steps averages it by examples. */
    public void putStep(String name, double value) {
        sums.put(name, value * examples);
    }

    public void join(StepMetrics other) {
        examples += other.examples;
        tokens += other.tokens;
        other.sums.forEach((name, sum) -> sums.merge(name, sum, Double::sum));
        hidden.addAll(other.hidden);
    }

    public long examples() {
        return examples;
    }

    /** Returns how many token rows were computed. */
    public long tokens() {
        return tokens;
    }

    /** Returns the mean of one quantity; NaN if it was never added. */
    public double mean(Metric metric) {
        return mean(metric.name());
    }

    /** Returns the mean of one quantity; NaN if it was never added. */
    public double mean(String name) {
        Double sum = sums.get(name);
        return sum == null ? Double.NaN : sum / examples;
    }

    /** Returns the means that are reported, by name. */
    public Map<String, Double> means() {
        Map<String, Double> means = new LinkedHashMap<>();
        sums.forEach((name, sum) -> {
            if (!hidden.contains(name)) {
                means.put(name, sum / examples);
            }
        });
        return means;
    }
}
