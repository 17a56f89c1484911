package ai.rpo.core.loss;

import ai.rpo.core.objective.BatchSize;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sums over examples from which the means of an optimizer step are taken, so that micro-batches and workers can be
 * joined in any split.
 */
public final class StepMetrics implements Serializable {

    /** Mean of |margin|: 0 where the policy is the reference. Not written to files. */
    public static final String ABSOLUTE_MARGIN = "rewards/absolute_margins";

    private static final long serialVersionUID = 1L;

    private final LinkedHashMap<String, Double> sums = new LinkedHashMap<>();
    private long examples;
    private long tokens;

    /** Adds one example's value of a quantity whose mean over examples is reported. */
    void addExample(String name, double value) {
        sums.merge(name, value, Double::sum);
    }

    /** Adds one example's share of a quantity that already is a mean over {@code batch}. */
    void addShare(String name, double share, BatchSize batch) {
        sums.merge(name, share * batch.pairs(), Double::sum);
    }

    void count(TrainingExample example) {
        examples++;
        tokens += example.example().packedRows();
    }

    /** Sets a quantity that belongs to the step as a whole; joining steps averages it by examples. */
    public void putStep(String name, double value) {
        sums.put(name, value * examples);
    }

    public void join(StepMetrics other) {
        examples += other.examples;
        tokens += other.tokens;
        other.sums.forEach((name, sum) -> sums.merge(name, sum, Double::sum));
    }

    public long examples() {
        return examples;
    }

    /** Token rows computed. */
    public long tokens() {
        return tokens;
    }

    /** The mean of one quantity; NaN if it was never added. */
    public double mean(String name) {
        Double sum = sums.get(name);
        return sum == null ? Double.NaN : sum / examples;
    }

    public Map<String, Double> means() {
        Map<String, Double> means = new LinkedHashMap<>();
        sums.forEach((name, sum) -> means.put(name, sum / examples));
        return means;
    }
}
