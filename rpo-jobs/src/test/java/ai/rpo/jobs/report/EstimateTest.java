package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.Test;

class EstimateTest {

    /** Values 1, 2, 3: mean 2, standard deviation 1, t(0.975; 2) = 4.30265, half width 4.30265/√3 = 2.48414. */
    @Test
    void usesStudentsTOverSeeds() {
        Estimate estimate = Estimate.ofSeeds(List.of(1.0, 2.0, 3.0));
        assertEquals(2, estimate.mean(), 1e-12);
        assertEquals(2 - 2.48414, estimate.low(), 1e-5);
        assertEquals(2 + 2.48414, estimate.high(), 1e-5);
    }

    @Test
    void hasNoIntervalFromOneSeed() {
        Estimate estimate = Estimate.ofSeeds(List.of(0.8));
        assertEquals(0.8, estimate.mean());
        assertFalse(estimate.hasInterval());
    }
}
