package ai.rpo.core.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EstimateTest {

    /** Mean 3.5, standard deviation √7, so the standard error of four values is √7/2. */
    @Test
    void meanOfFourValues() {
        Estimate estimate = Estimate.ofMean(new double[] {1, 2, 4, 7});
        assertEquals(3.5, estimate.mean(), 1e-15);
        assertEquals(0.9072113591318862, estimate.low(), 1e-12);
        assertEquals(6.092788640868114, estimate.high(), 1e-12);
    }

    @Test
    void oneValueIsItsOwnInterval() {
        assertEquals(new Estimate(5, 5, 5), Estimate.ofMean(new double[] {5}));
    }

    @Test
    void largeEqualValuesHaveNoSpread() {
        Estimate estimate = Estimate.ofMean(new double[] {1e9 + 0.5, 1e9 + 0.5, 1e9 + 0.5});
        assertEquals(0, estimate.high() - estimate.low(), 1e-5);
    }

    /** Wilson's interval worked with its formula in another language. */
    @ParameterizedTest
    @CsvSource({
        "7, 10, 0.39677814746114537, 0.8922087325936989",
        "0, 5, 0, 0.43448246478317476",
        "5, 5, 0.5655175352168251, 1",
        "81, 263, 0.2552885198782742, 0.36620957698280004"
    })
    void rates(long successes, long trials, double low, double high) {
        Estimate estimate = Estimate.ofRate(successes, trials);
        assertEquals((double) successes / trials, estimate.mean(), 1e-15);
        assertEquals(low, estimate.low(), 1e-12);
        assertEquals(high, estimate.high(), 1e-12);
    }

    @Property(tries = 200)
    void ratesStayInside(@ForAll @IntRange(max = 60) int successes, @ForAll @IntRange(max = 60) int failures) {
        int trials = Math.max(1, successes + failures);
        Estimate estimate = Estimate.ofRate(successes, trials);
        assertTrue(0 <= estimate.low() && estimate.low() <= estimate.mean() + 1e-12, estimate.toString());
        assertTrue(estimate.mean() <= estimate.high() + 1e-12 && estimate.high() <= 1, estimate.toString());
    }
}
