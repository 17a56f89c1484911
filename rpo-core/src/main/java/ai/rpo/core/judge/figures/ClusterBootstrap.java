package ai.rpo.core.judge.figures;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The 95 % interval of a mean by resampling groups of values that belong together, such as both turns of a prompt:
 * percentiles of the means of as many groups drawn with replacement.
 */
final class ClusterBootstrap {

    private static final int SAMPLES = 10_000;
    private static final long SEED = 42;

    /** Both ends of an interval. */
    record Interval(double low, double high) {}

    private final Map<String, double[]> groups = new LinkedHashMap<>(); // sum and count

    void add(String group, double value) {
        double[] total = groups.computeIfAbsent(group, g -> new double[2]);
        total[0] += value;
        total[1]++;
    }

    Interval interval() {
        List<double[]> totals = new ArrayList<>(groups.values());
        SplittableRandom random = new SplittableRandom(SEED);
        double[] means = new double[SAMPLES];
        for (int sample = 0; sample < SAMPLES; sample++) {
            double sum = 0;
            double count = 0;
            for (int i = 0; i < totals.size(); i++) {
                double[] drawn = totals.get(random.nextInt(totals.size()));
                sum += drawn[0];
                count += drawn[1];
            }
            means[sample] = sum / count;
        }
        Arrays.sort(means);
        return new Interval(quantile(means, 0.025), quantile(means, 0.975));
    }

    /** Between two values in proportion. */
    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
