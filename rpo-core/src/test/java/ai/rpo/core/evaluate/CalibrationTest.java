package ai.rpo.core.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.objective.BradleyTerry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Reward models on held-out pairs, with numbers worked by hand. */
class CalibrationTest {

    /** σ(ln 3) = 3/4 and σ(ln 19) = 0.95: three of four right at 0.75, none of one at 0.95. */
    @Test
    void pairsOfLikeConfidenceAreCountedTogether() {
        double log3 = Math.log(3);
        Calibration calibration = Calibration.of(
                List.of(pair(1 + log3, 1), pair(log3, 0), pair(0, -log3), pair(0, log3), pair(0, Math.log(19))));
        assertEquals(2, calibration.bins().size());
        assertEquals(4, calibration.bins().get(0).pairs());
        assertEquals(0.75, calibration.bins().get(0).confidence(), 1e-12);
        assertEquals(0.75, calibration.bins().get(0).accuracy());
        assertEquals(0.95, calibration.bins().get(1).confidence(), 1e-12);
        assertEquals(0, calibration.bins().get(1).accuracy());
        assertEquals(0.95 / 5, calibration.error(), 1e-12);
    }

    @Test
    void certaintyHasABinToo() {
        assertEquals(
                List.of(new Calibration.Bin(1, 1, 1)),
                Calibration.of(List.of(pair(1000, 0))).bins());
    }

    @Test
    void anEnsembleIsMeasuredByItsMeanRewards() {
        List<PairResult> means =
                PairResult.means(List.of(List.of(pair(2, 1), pair(0, 1)), List.of(pair(4, -1), pair(3, 0))));
        assertEquals(List.of(pair(3, 0), pair(1.5, 0.5)), means);
        var metrics = Evaluation.of(means, new BradleyTerry(0.5));
        assertEquals(1, metrics.get("rewards/accuracies").mean());
        assertEquals(2, metrics.get("rewards/margins").mean(), 1e-12);
        double loss = (Math.log1p(Math.exp(-3)) + Math.log1p(Math.exp(-1)) + 0.5 * (9 + 4)) / 2;
        assertEquals(loss, metrics.get("loss").mean(), 1e-12);
        assertEquals(7, metrics.size(), "a reward model has no reference: " + metrics.keySet());
    }

    private static PairResult pair(double chosen, double rejected) {
        return new PairResult(0, 1, 1, 0, 0, chosen, rejected, 0);
    }
}
