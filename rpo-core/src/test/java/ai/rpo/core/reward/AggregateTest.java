package ai.rpo.core.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AggregateTest {

    /** Mean 2, deviations −1, 2, −1: variance (1 + 4 + 1)/3 = 2. */
    private static final double[] REWARDS = {1, 4, 1};

    @Test
    void workedByHand() {
        assertEquals(2, Aggregate.MEAN.of(REWARDS, 0.5), 1e-15);
        assertEquals(1, Aggregate.MIN.of(REWARDS, 0.5), 1e-15);
        assertEquals(2, Aggregate.variance(REWARDS), 1e-15);
        assertEquals(1, Aggregate.MEAN_MINUS_VARIANCE.of(REWARDS, 0.5), 1e-15);
    }

    @Test
    void aSingleMemberSpeaksForItself() {
        for (Aggregate aggregate : Aggregate.values()) {
            assertEquals(-3, aggregate.of(new double[] {-3}, 7), 1e-15, aggregate.name());
        }
    }
}
