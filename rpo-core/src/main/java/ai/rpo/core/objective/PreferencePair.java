package ai.rpo.core.objective;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds a pair's log-probabilities under policy and reference, and measures what is reported of every pair, whatever the
 * loss (docs/math.md, 1).
 *
 * @param chosen log π(y⁺|x)
 * @param rejected log π(y⁻|x)
 * @param referenceChosen log π_ref(y⁺|x)
 * @param referenceRejected log π_ref(y⁻|x)
 */
public record PreferencePair(double chosen, double rejected, double referenceChosen, double referenceRejected) {

    /** The metrics of an objective that reports its loss and {@link #values}. */
    public static final List<Metric> METRICS = List.of(
            Metrics.LOSS,
            Metrics.CHOSEN_REWARD,
            Metrics.REJECTED_REWARD,
            Metrics.ACCURACY,
            Metrics.MARGIN,
            Metrics.CHOSEN_LOGPS,
            Metrics.REJECTED_LOGPS,
            Metrics.ABSOLUTE_MARGIN);

    /** Takes the first two completions of an example as chosen and rejected. */
    public static PreferencePair of(ExampleLogps example) {
        return new PreferencePair(
                example.policy()[0], example.policy()[1], example.reference()[0], example.reference()[1]);
    }

    /** Returns log π(y⁺|x) − log π_ref(y⁺|x). */
    public double chosenRatio() {
        return chosen - referenceChosen;
    }

    /** Returns log π(y⁻|x) − log π_ref(y⁻|x). */
    public double rejectedRatio() {
        return rejected - referenceRejected;
    }

    /** Returns the margin β·(chosenRatio − rejectedRatio). */
    public double margin(double beta) {
        return beta * chosenRatio() - beta * rejectedRatio();
    }

    /**
     * Makes the outcome of a loss that is a mean over pairs, with the {@link #METRICS}.
     *
     * @param beta what log-ratios are multiplied by to make rewards
     * @param loss this pair's
     * @param chosenSlope its derivative by log π(y⁺|x)
     * @param rejectedSlope its derivative by log π(y⁻|x)
     */
    public Outcome outcome(double beta, double loss, double chosenSlope, double rejectedSlope, BatchSize batch) {
        Map<Metric, Double> values = values(beta);
        values.put(Metrics.LOSS, loss / batch.pairs());
        return new Outcome(new double[] {chosenSlope / batch.pairs(), rejectedSlope / batch.pairs()}, values);
    }

    /** Measures rewards and log-probabilities; an objective may add its own values. */
    public Map<Metric, Double> values(double beta) {
        double margin = margin(beta);
        Map<Metric, Double> values = new LinkedHashMap<>();
        values.put(Metrics.CHOSEN_REWARD, beta * chosenRatio());
        values.put(Metrics.REJECTED_REWARD, beta * rejectedRatio());
        values.put(Metrics.ACCURACY, margin > 0 ? 1.0 : 0.0);
        values.put(Metrics.MARGIN, margin);
        values.put(Metrics.CHOSEN_LOGPS, chosen);
        values.put(Metrics.REJECTED_LOGPS, rejected);
        values.put(Metrics.ABSOLUTE_MARGIN, Math.abs(margin));
        return values;
    }
}
