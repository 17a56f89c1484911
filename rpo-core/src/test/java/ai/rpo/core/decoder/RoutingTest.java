package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.model.Architecture.Mixture;
import ai.rpo.core.model.Architecture.Shares;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoutingTest {

    private static final double[] LOGITS = {
        Math.log(1), Math.log(4), Math.log(2), Math.log(3), Math.log(2), Math.log(8), 0, 0
    };

    @Test
    void sharesOfTheChosenAddUpToOne() {
        Routing routing = new Routing(mixture(4, 2, Shares.OF_CHOSEN), LOGITS);
        assertArrayEquals(new double[] {4 / 7., 3 / 7., 8 / 10., 2 / 10.}, routing.shares(), 1e-15);
    }

    @Test
    void sharesOfAllAreWhatTheSoftmaxGives() {
        Routing routing = new Routing(mixture(4, 2, Shares.OF_ALL), LOGITS);
        assertArrayEquals(new double[] {4 / 10., 3 / 10., 8 / 12., 2 / 12.}, routing.shares(), 1e-15);
    }

    /** The first token goes through experts 1 and 3, the second through 1 and 0. */
    @Test
    void rowsOfAnExpertLieTogether() {
        Routing routing = new Routing(mixture(4, 2, Shares.OF_CHOSEN), LOGITS);
        assertArrayEquals(new int[] {1, 3, 2, 0}, routing.rows());
        assertArrayEquals(new int[] {1, 0, 1, 0}, routing.tokens());
        int[] starts = {0, 1, 3, 3, 4};
        for (int expert = 0; expert <= 4; expert++) {
            assertEquals(starts[expert], routing.start(expert));
        }
    }

    @Test
    void ofEqualLogitsTheFirstCount() {
        assertArrayEquals(new int[] {0, 1}, new Routing(mixture(3, 2, Shares.OF_ALL), new double[3]).rows());
    }

    /** Weights that went astray give numbers that are not finite, as elsewhere, rather than an error in the middle. */
    @Test
    void logitsThatAreNoNumbersAreRoutedToo() {
        double[] logits = {Double.NaN, 1, Double.NaN};
        assertEquals(2, new Routing(mixture(3, 2, Shares.OF_ALL), logits).places());
    }

    @Test
    void largeLogitsDoNotOverflow() {
        Routing routing = new Routing(mixture(2, 2, Shares.OF_ALL), new double[] {5000, 4999});
        double e = Math.exp(-1);
        assertArrayEquals(new double[] {1 / (1 + e), e / (1 + e)}, routing.shares(), 1e-15);
    }

    @ParameterizedTest
    @EnumSource(Shares.class)
    void gradientIsThatOfTheShares(Shares shares) {
        Random random = new Random(3);
        Mixture mixture = mixture(5, 3, shares);
        double[] logits = random.doubles(4 * 5, -2, 2).toArray();
        double[] direction = random.doubles(4 * 3, -1, 1).toArray();
        double[] gradient = new Routing(mixture, logits).backward(direction);
        double step = 1e-6;
        for (int i = 0; i < logits.length; i++) {
            double[] moved = logits.clone();
            moved[i] += step;
            double above = dot(new Routing(mixture, moved).shares(), direction);
            moved[i] -= 2 * step;
            double below = dot(new Routing(mixture, moved).shares(), direction);
            assertEquals((above - below) / (2 * step), gradient[i], 1e-9);
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static Mixture mixture(int experts, int chosen, Shares shares) {
        return new Mixture(null, List.of(true), experts, chosen, 1, shares);
    }
}
