package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.model.Architecture.Mixture;
import ai.rpo.core.model.Architecture.Shares;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpertUseTest {

    private static final Mixture OF_TWO = new Mixture(null, List.of(true), 2, 1, 1, Shares.OF_CHOSEN);

    /** Probabilities 3/4, 1/4; then 3/5, 2/5: both go to the first. The third is 1/5, 4/5, of another layer. */
    private static final double[] FIRST = {Math.log(3), 0, Math.log(3), Math.log(2)};

    private static final double[] SECOND = {0, Math.log(4)};

    @Test
    void theLossIsOfTheRowsOfAllLayersTogether() {
        ExpertUse use = new ExpertUse(2);
        use.add(new Routing(OF_TWO, FIRST));
        ExpertUse other = new ExpertUse(2);
        other.add(new Routing(OF_TWO, SECOND));
        use.add(other);
        double p = (3 / 4. + 3 / 5. + 1 / 5.) / 3;
        assertEquals(2 * (2 / 3. * p + 1 / 3. * (1 - p)), use.loss(), 1e-15);
        assertArrayEquals(new double[] {0.5 * 2 * 2 / 9, 0.5 * 2 * 1 / 9}, use.slopes(0.5), 1e-15);
    }

    /** The derivative by a logit is p·(1 − p) times the difference of the two slopes. */
    @Test
    void slopesReachTheLogits() {
        Routing routing = new Routing(OF_TWO, SECOND);
        routing.balance(new double[] {0.3, 0.1});
        double slope = 4 / 25. * (0.3 - 0.1);
        assertArrayEquals(new double[] {slope, -slope}, routing.backward(new double[1]), 1e-15);
    }

    @Test
    void expertsThatAreUsedAlikeCostWhatATokenGoesThrough() {
        ExpertUse use = new ExpertUse(2);
        use.add(new Routing(OF_TWO, new double[] {1, 0, 0, 1}));
        assertEquals(1, use.loss(), 1e-15);
    }
}
