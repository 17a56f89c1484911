package ai.rpo.spark.rate;

import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.gauge.BestOfN;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells what the best of several samples of a prompt is worth by its own rating.
 *
 * @param n samples that are drawn, of which the best is taken
 * @param reward of that, a mean over the prompts with its interval
 * @param kl nats between the best of n and one sample
 */
public record BestOf(int n, Estimate reward, double kl) {

    /**
     * Works out the figures of 1, 2, 4, … samples, as far as every prompt has so many.
     *
     * @param rewards of each prompt's samples, two at least
     */
    static List<BestOf> figures(List<double[]> rewards) {
        List<BestOf> figures = new ArrayList<>();
        int fewest = rewards.stream().mapToInt(samples -> samples.length).min().orElse(0);
        for (int n = 1; n <= fewest; n *= 2) {
            int drawn = n;
            double[] best = rewards.stream()
                    .mapToDouble(samples -> BestOfN.mean(samples, samples, drawn))
                    .toArray();
            figures.add(new BestOf(n, Estimate.ofMean(best), BestOfN.kl(n)));
        }
        return figures;
    }
}
