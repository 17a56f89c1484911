package ai.rpo.core.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BradleyTerryTest {

    private static final BatchSize BATCH = new BatchSize(2, 9);

    private static ExampleLogps rewards(double chosen, double rejected, double margin) {
        return new ExampleLogps(
                new double[0],
                new double[0],
                new double[] {chosen, rejected},
                margin,
                true,
                new int[] {4, 5},
                new double[0]);
    }

    /** σ(ln 3) = ¾; with a margin of ln 3 nothing is left: σ(0) = ½. */
    @Test
    void workedByHand() {
        double third = Math.log(3);
        Outcome outcome = new BradleyTerry(0).evaluate(rewards(1 + third, 1, 0), BATCH);
        assertEquals(-Math.log(0.75) / 2, outcome.values().get(Metrics.LOSS), 1e-15);
        assertEquals(-0.125, outcome.coefficients()[0], 1e-15);
        assertEquals(0.125, outcome.coefficients()[1], 1e-15);
        assertEquals(third, outcome.values().get(Metrics.MARGIN), 1e-15);
        assertEquals(1, outcome.values().get(Metrics.ACCURACY));

        Outcome withMargin = new BradleyTerry(0).evaluate(rewards(1 + third, 1, third), BATCH);
        assertEquals(Math.log(2) / 2, withMargin.values().get(Metrics.PREFERENCE_LOSS), 1e-15);
        assertEquals(third, withMargin.values().get(Metrics.MARGIN), 1e-15);
    }

    /** (2 + 1)² = 9; of two pairs half, times c = 0.1; its slope 2·0.1·3/2 on both. */
    @Test
    void centringHoldsTheSumNearZero() {
        Outcome plain = new BradleyTerry(0).evaluate(rewards(2, 1, 0), BATCH);
        Outcome centred = new BradleyTerry(0.1).evaluate(rewards(2, 1, 0), BATCH);
        assertEquals(4.5, centred.values().get(BradleyTerry.CENTER_LOSS), 1e-15);
        assertEquals(0.45, centred.values().get(Metrics.LOSS) - plain.values().get(Metrics.LOSS), 1e-15);
        for (int i = 0; i < 2; i++) {
            assertEquals(0.3, centred.coefficients()[i] - plain.coefficients()[i], 1e-15);
        }
    }

    @Test
    void aTieIsNotWon() {
        assertEquals(
                0,
                new BradleyTerry(0).evaluate(rewards(1, 1, 0), BATCH).values().get(Metrics.ACCURACY));
    }

    @Test
    void coefficientsAreTheSlopesOfTheLoss() {
        Random random = new Random(5);
        BradleyTerry objective = new BradleyTerry(0.03);
        double h = 1e-5;
        for (int i = 0; i < 100; i++) {
            double chosen = 4 * random.nextGaussian();
            double rejected = 4 * random.nextGaussian();
            double margin = random.nextDouble();
            double[] coefficients =
                    objective.evaluate(rewards(chosen, rejected, margin), BATCH).coefficients();
            assertEquals(
                    (loss(objective, chosen + h, rejected, margin) - loss(objective, chosen - h, rejected, margin))
                            / (2 * h),
                    coefficients[0],
                    1e-7);
            assertEquals(
                    (loss(objective, chosen, rejected + h, margin) - loss(objective, chosen, rejected - h, margin))
                            / (2 * h),
                    coefficients[1],
                    1e-7);
        }
    }

    private static double loss(Objective objective, double chosen, double rejected, double margin) {
        return objective
                .evaluate(rewards(chosen, rejected, margin), BATCH)
                .values()
                .get(Metrics.LOSS);
    }

    @Test
    void farOffItIsStillANumber() {
        Outcome outcome = new BradleyTerry(0).evaluate(rewards(-5000, 5000, 0), BATCH);
        assertEquals(5000, outcome.values().get(Metrics.LOSS), 1e-9);
        assertEquals(-0.5, outcome.coefficients()[0], 1e-15);
    }

    @Test
    void aNegativeWeightIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BradleyTerry(-1));
    }
}
