package ai.rpo.core.gauge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BestOfNTest {

    /** Sorted by proxy the gold is .1, .5, .3, .9, .2; of two, the weights are 0, .1, .2, .3, .4. */
    @Test
    void workedByHand() {
        double[] proxy = {2, 5, 1, 4, 3};
        double[] gold = {0.5, 0.2, 0.1, 0.9, 0.3};
        assertEquals(0.4, BestOfN.mean(proxy, gold, 1), 1e-15);
        assertEquals(0.46, BestOfN.mean(proxy, gold, 2), 1e-15);
        assertEquals(0.42, BestOfN.mean(proxy, gold, 3), 1e-15);
        assertEquals(0.2, BestOfN.mean(proxy, gold, 5), 1e-15);
    }

    /** Every subset of n, ties in it drawn with equal chances. */
    @Test
    void isTheMeanOverAllDraws() {
        Random random = new Random(3);
        for (int trial = 0; trial < 50; trial++) {
            int samples = 1 + random.nextInt(9);
            double[] proxy = random.ints(samples, 0, 5).asDoubleStream().toArray();
            double[] gold = random.doubles(samples).toArray();
            for (int n = 1; n <= samples; n++) {
                assertEquals(overSubsets(proxy, gold, n), BestOfN.mean(proxy, gold, n), 1e-12);
            }
        }
    }

    private static double overSubsets(double[] proxy, double[] gold, int n) {
        double sum = 0;
        int subsets = 0;
        for (int subset = 0; subset < 1 << proxy.length; subset++) {
            if (Integer.bitCount(subset) != n) {
                continue;
            }
            subsets++;
            sum += goldOfBest(proxy, gold, subset);
        }
        return sum / subsets;
    }

    /** A tied sample is as good as another, so each stands for the mean of all that tie with it. */
    private static double goldOfBest(double[] proxy, double[] gold, int subset) {
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < proxy.length; i++) {
            best = (subset >> i & 1) == 1 ? Math.max(best, proxy[i]) : best;
        }
        double sum = 0;
        int tied = 0;
        for (int i = 0; i < proxy.length; i++) {
            if (proxy[i] == best) {
                sum += gold[i];
                tied++;
            }
        }
        return sum / tied;
    }

    @Test
    void manySamplesLoseNoPrecision() {
        double[] proxy = new Random(1).doubles(4096).toArray();
        assertEquals(1, BestOfN.mean(proxy, ones(4096), 1024), 1e-12);
        assertEquals(1024 / 1025.0, BestOfN.mean(proxy, proxy, 1024), 5e-4);
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void moreThanThereAreIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> BestOfN.mean(new double[2], new double[2], 3));
    }

    @Test
    void klIsThatOfTheFormula() {
        assertEquals(0, BestOfN.kl(1));
        assertEquals(0.193147181, BestOfN.kl(2), 1e-9);
        assertEquals(3.174508083, BestOfN.kl(64), 1e-9);
    }
}
