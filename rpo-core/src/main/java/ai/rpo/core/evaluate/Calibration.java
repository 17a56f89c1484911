package ai.rpo.core.evaluate;

import ai.rpo.core.objective.Logistic;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells how far a reward model's confidence in which completion is better can be believed. It says that the one with the higher
 * reward is, with the probability σ(|r⁺ − r⁻|) of Bradley and Terry, from 1/2 to 1.
 *
 * @param bins pairs of like confidence, the least confident first; empty bins are left out
 * @param error the mean over the pairs of what confidence and share differ by in their bin
 */
public record Calibration(List<Bin> bins, double error) {

    private static final int BINS = 10;

    /**
     * Describes pairs of like confidence.
     *
     * @param pairs how many
     * @param confidence of the model, their mean
     * @param accuracy share of the pairs where it was right
     */
    public record Bin(long pairs, double confidence, double accuracy) {}

    /** Makes ten bins of equal width, from pairs under a reward model. */
    public static Calibration of(List<PairResult> pairs) {
        long[] counts = new long[BINS];
        double[] confidences = new double[BINS];
        double[] right = new double[BINS];
        for (PairResult pair : pairs) {
            double difference = pair.chosenLogps() - pair.rejectedLogps();
            double confidence = Logistic.sigmoid(Math.abs(difference));
            int bin = Math.min(BINS - 1, (int) ((confidence - 0.5) * 2 * BINS));
            counts[bin]++;
            confidences[bin] += confidence;
            right[bin] += difference > 0 ? 1 : 0;
        }
        List<Bin> bins = new ArrayList<>();
        double error = 0;
        for (int bin = 0; bin < BINS; bin++) {
            if (counts[bin] > 0) {
                bins.add(new Bin(counts[bin], confidences[bin] / counts[bin], right[bin] / counts[bin]));
                error += Math.abs(confidences[bin] - right[bin]) / pairs.size();
            }
        }
        return new Calibration(bins, error);
    }
}
