package ai.rpo.core.gauge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.core.gauge.Overoptimization.Interval;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OveroptimizationTest {

    private static final double[] DISTANCES = {0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 3.5};
    private static final double ALPHA = 2;
    private static final double BETA = 0.6;

    /**
     * R = 2d − d²/2 through (1, 1.5), (2, 2), (3, 1.5) exactly: it turns at 2. Without errors of their own, points on the
     * curve leave none.
     */
    @Test
    void workedByHand() {
        Overoptimization fit =
                Overoptimization.fit(Form.BEST_OF_N, new double[] {1, 2, 3}, new double[] {1.5, 2, 1.5}, new double[3]);
        assertEquals(2, fit.alpha(), 1e-12);
        assertEquals(0.5, fit.beta(), 1e-12);
        assertEquals(2, fit.peak().getAsDouble(), 1e-12);
        assertEquals(2, fit.at(2), 1e-12);
        assertEquals(2, fit.peakInterval().high(), 1e-6);
    }

    /** Two points of d = 1 with errors 1 and 2, one of d = 2: at d = 1 the mean of 1 and 6 is (1 + 6/4)/(1 + 1/4) = 2. */
    @Test
    void pointsCountByTheirErrors() {
        Overoptimization fit = Overoptimization.fit(
                Form.BEST_OF_N, new double[] {1, 1, 2}, new double[] {1, 6, 2}, new double[] {1, 2, 1});
        assertEquals(2, fit.at(1), 1e-12);
        assertEquals(2, fit.at(2), 1e-12);
        assertEquals(3, fit.alpha(), 1e-12);
        assertEquals(1, fit.beta(), 1e-12);
    }

    /** d* = e^{α/β − 1}, where R = β·d*. */
    @Test
    void theLearningFormTurnsWhereItsSlopeIsNothing() {
        double[] rewards = rewards(Form.LEARNING);
        Overoptimization fit = Overoptimization.fit(Form.LEARNING, DISTANCES, rewards, new double[8]);
        double peak = Math.exp(ALPHA / BETA - 1);
        assertEquals(peak, fit.peak().getAsDouble(), 1e-9);
        assertEquals(BETA * peak, fit.at(peak), 1e-9);
    }

    private static double[] rewards(Form form) {
        return Arrays.stream(DISTANCES)
                .map(d -> ALPHA * d - BETA * (form == Form.BEST_OF_N ? d * d : d * Math.log(d)))
                .toArray();
    }

    /** A 95 % interval holds what was planted in about 95 of 100 draws. */
    @ParameterizedTest
    @EnumSource(Form.class)
    void whatWasPlantedLiesInTheIntervals(Form form) {
        double peak = form == Form.BEST_OF_N ? ALPHA / (2 * BETA) : Math.exp(ALPHA / BETA - 1);
        Random random = new Random(17);
        int trials = 400;
        int[] held = new int[3];
        for (int trial = 0; trial < trials; trial++) {
            double[] rewards = rewards(form);
            double[] errors = new double[rewards.length];
            for (int i = 0; i < rewards.length; i++) {
                errors[i] = 0.02 * (1 + i % 3);
                rewards[i] += errors[i] * random.nextGaussian();
            }
            Overoptimization fit = Overoptimization.fit(form, DISTANCES, rewards, errors);
            held[0] += holds(fit, Overoptimization::alphaInterval, ALPHA);
            held[1] += holds(fit, Overoptimization::betaInterval, BETA);
            held[2] += holds(fit, Overoptimization::peakInterval, peak);
        }
        for (int count : held) {
            assertTrue(count >= 0.93 * trials && count <= trials, Arrays.toString(held));
        }
    }

    private static int holds(Overoptimization fit, Function<Overoptimization, Interval> interval, double truth) {
        Interval found = interval.apply(fit);
        return found.low() <= truth && truth <= found.high() ? 1 : 0;
    }

    /** Where rewards rise in a straight line with noise, whether they ever turn is not known. */
    @Test
    void aPeakThatIsNotShownHasNoEnd() {
        double[] rewards = {0.39, 0.83, 1.17, 1.61, 2.03, 2.44, 3.02, 3.45};
        Overoptimization fit = Overoptimization.fit(Form.BEST_OF_N, DISTANCES, rewards, new double[8]);
        assertTrue(fit.beta() > 0, "or the test shows nothing: " + fit.beta());
        Interval peak = fit.peakInterval();
        assertEquals(Double.POSITIVE_INFINITY, peak.high());
        assertTrue(peak.low() > 0 && peak.low() <= peak.value(), peak.toString());

        double[] rising = {0.4, 0.81, 1.25, 1.7, 2.2, 2.8, 3.5, 4.4};
        Overoptimization upwards = Overoptimization.fit(Form.BEST_OF_N, DISTANCES, rising, new double[8]);
        assertTrue(upwards.peak().isEmpty());
    }

    @Test
    void tooLittleIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> Overoptimization.fit(Form.LEARNING, new double[2], new double[2], new double[2]));
        double[] one = {1, 1, 1};
        assertThrows(
                IllegalArgumentException.class,
                () -> Overoptimization.fit(Form.BEST_OF_N, one, new double[3], new double[3]));
        assertThrows(
                IllegalArgumentException.class,
                () -> Overoptimization.fit(
                        Form.BEST_OF_N, new double[] {1, 2, 3}, new double[3], new double[] {1, 0, 1}));
    }
}
