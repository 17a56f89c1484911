package ai.rpo.core.gauge;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Estimates what the best of n samples of a prompt is worth, from N samples of it. */
public final class BestOfN {

    private BestOfN() {}

    /**
     * Returns the mean gold reward of the sample with the highest proxy reward over all draws of n out of the N
     * samples, {@code Σᵢ C(i−1, n−1)/C(N, n)·gold₍ᵢ₎} with samples sorted by proxy, which is unbiased (arXiv
     * 2210.10760, appendix I). Samples of equal proxy share the mean of their gold.
     *
     * @param n from 1 to the number of samples
     */
    public static double mean(double[] proxy, double[] gold, int n) {
        int samples = proxy.length;
        requireSome(samples, n);
        int[] order = IntStream.range(0, samples)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> proxy[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] weights = weights(samples, n);
        double mean = 0;
        for (int from = 0; from < samples; ) {
            int to = from;
            double tiedGold = 0;
            double tiedWeight = 0;
            while (to < samples && proxy[order[to]] == proxy[order[from]]) {
                tiedGold += gold[order[to]];
                tiedWeight += weights[to++];
            }
            mean += tiedWeight * tiedGold / (to - from);
            from = to;
        }
        return mean;
    }

    /**
     * Returns the same of samples without ties.
     *
     * @param goldByProxy gold rewards in the order of rising proxy reward
     */
    public static double mean(double[] goldByProxy, int n) {
        requireSome(goldByProxy.length, n);
        double[] weights = weights(goldByProxy.length, n);
        return IntStream.range(0, weights.length)
                .mapToDouble(i -> weights[i] * goldByProxy[i])
                .sum();
    }

    private static void requireSome(int samples, int n) {
        if (n < 1 || n > samples) {
            throw new IllegalArgumentException("The best of " + n + " is not to be had from " + samples + " samples.");
        }
    }

    /**
     * Tells how often each place of the order is the best of n: from the top, each place's share of what the higher
     * ones leave.
     */
    private static double[] weights(int samples, int n) {
        double[] weights = new double[samples];
        double left = 1;
        for (int place = samples; place >= n; place--) {
            weights[place - 1] = left * n / place;
            left -= weights[place - 1];
        }
        return weights;
    }

    /**
     * Returns {@code ln n − (n−1)/n}, the KL divergence of the best of n from one sample: exact where no two samples
     * tie, and else an upper bound.
     */
    public static double kl(int n) {
        return Math.log(n) - (n - 1.0) / n;
    }
}
