package ai.rpo.core.gauge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenDivergenceTest {

    private static double[] logs(double... probabilities) {
        return Arrays.stream(probabilities).map(Math::log).toArray();
    }

    /** Against (.4, .4, .2): .7·ln 1.75 + .2·ln .5 + .1·ln .5. */
    @Test
    void workedByHand() {
        assertEquals(0.183786897, TokenDivergence.kl(logs(0.7, 0.2, 0.1), logs(0.4, 0.4, 0.2), 0, 3), 1e-9);
        double far = TokenDivergence.kl(logs(0.98, 0.01, 0.01), logs(0.4, 0.4, 0.2), 0, 3);
        assertEquals(0.811320147, far, 1e-9);
        assertEquals(Math.log(0.2), TokenDivergence.logp(logs(9, 0.7, 0.2, 0.1), 1, 3, 1), 1e-12);
    }

    @Test
    void isTheBruteForceSumForAnyLogits() {
        Random random = new Random(2);
        for (int trial = 0; trial < 100; trial++) {
            double[] policy = random.doubles(40, -30, 30).toArray();
            double[] reference = random.doubles(40, -30, 30).toArray();
            double expected = 0;
            double ours = Arrays.stream(policy, 20, 40).map(Math::exp).sum();
            double theirs = Arrays.stream(reference, 20, 40).map(Math::exp).sum();
            for (int v = 20; v < 40; v++) {
                double p = Math.exp(policy[v]) / ours;
                double q = Math.exp(reference[v]) / theirs;
                expected += p * Math.log(p / q);
            }
            assertEquals(expected, TokenDivergence.kl(policy, reference, 20, 20), 1e-9 * Math.max(1, expected));
        }
    }

    @Test
    void theReferenceIsAtNoDistanceFromItself() {
        double[] logits = new Random(3).doubles(50, -5, 5).toArray();
        double[] shifted = Arrays.stream(logits).map(x -> x + 7).toArray();
        assertEquals(0, TokenDivergence.kl(logits, logits, 0, 50));
        assertEquals(0, TokenDivergence.kl(logits, shifted, 0, 50), 1e-12);
        assertEquals(0, TokenDivergence.k3(-2, -2));
    }

    @Test
    void hugeLogitsNeitherOverflowNorVanish() {
        double[] sure = {5000, 0, -5000};
        assertEquals(5000, TokenDivergence.kl(sure, new double[] {0, 5000, 0}, 0, 3), 1e-9);
    }

    /** E[k1] = E[k3] = KL under the policy, and k3 is never negative. */
    @Test
    void bothEstimatorsHaveTheDivergenceAsMean() {
        double[] p = {0.7, 0.2, 0.1};
        double[] q = {0.4, 0.4, 0.2};
        double k1 = 0;
        double k3 = 0;
        for (int v = 0; v < 3; v++) {
            double estimate = TokenDivergence.k3(Math.log(p[v]), Math.log(q[v]));
            assertTrue(estimate >= 0);
            k1 += p[v] * TokenDivergence.k1(Math.log(p[v]), Math.log(q[v]));
            k3 += p[v] * estimate;
        }
        assertEquals(0.183786897, k1, 1e-9);
        assertEquals(0.183786897, k3, 1e-9);
    }
}
