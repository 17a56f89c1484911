package ai.rpo.core.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.objective.Ipo;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.objective.RpoObjective.Weight;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluationTest {

    /** Margins 0.75 and −0.5 at β = 0.5; −log σ is 0.3868710061149 and 0.974076984180107. */
    private static final List<PairResult> PAIRS = List.of(pair(2, -3, -5, -4, -4.5), pair(3, -2, -1, -1.5, -1.5));

    @Test
    void twoPairsWorkedByHand() {
        Map<String, Estimate> metrics = Evaluation.of(PAIRS, RpoObjective.paper(0.5, 2));
        double preference = (0.3868710061149 + 0.974076984180107) / 2;
        assertMean(preference, metrics, "loss/preference");
        assertMean(2.5, metrics, "loss/sft");
        assertMean(preference + 2.5, metrics, "loss");
        assertMean(0.125, metrics, "rewards/chosen");
        assertMean(0, metrics, "rewards/rejected");
        assertMean(0.125, metrics, "rewards/margins");
        assertMean(0.5, metrics, "rewards/accuracies");
        assertMean(-2.5, metrics, "logps/chosen");
        assertMean(-3, metrics, "logps/rejected");
        assertMean(-2.75, metrics, "reference_logps/chosen");
        assertMean(-3, metrics, "reference_logps/rejected");
        // Two values 1.25 apart: standard error 1.25/2.
        assertEquals(
                0.125 - 1.959963984540054 * 0.625,
                metrics.get("rewards/margins").low(),
                1e-12);
        assertEquals(Estimate.ofRate(1, 2), metrics.get("rewards/accuracies"));
    }

    @Test
    void theTokenMeanIsOverAllChosenTokens() {
        RpoObjective objective = new RpoObjective(0.5, 2, Reduction.TOKEN_MEAN, Weight.ETA);
        Map<String, Estimate> metrics = Evaluation.of(PAIRS, objective);
        assertMean((3.0 + 2.0) / 5, metrics, "loss/sft");
        assertEquals(
                metrics.get("loss/preference").mean() + 2, metrics.get("loss").mean(), 1e-12);
    }

    /** Token means of log-ratios: 1/2 and −1/8, −1/6 and 1/8; 1/(2β) = 1. */
    @Test
    void anyObjectiveIsEvaluatedByItsOwnMetrics() {
        Map<String, Estimate> metrics = Evaluation.of(PAIRS, new Ipo(0.5));
        assertMean((Math.pow(0.625 - 1, 2) + Math.pow(-1 / 6.0 - 0.125 - 1, 2)) / 2, metrics, "loss");
        assertMean(0.125, metrics, "rewards/margins");
        assertMean(0.5, metrics, "rewards/accuracies");
        assertEquals(false, metrics.containsKey("loss/preference"));
    }

    /** The driver has those of all pairs. */
    @Test
    void aResultIsAsSmallForLongPairs() throws IOException {
        assertEquals(serialized(pair(2, -3, -5, -4, -4.5)).length, serialized(pair(10_000, -3, -5, -4, -4.5)).length);
    }

    private static byte[] serialized(PairResult result) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(result);
        }
        return bytes.toByteArray();
    }

    @Test
    void aTieIsNotWon() {
        Map<String, Estimate> metrics = Evaluation.of(List.of(pair(2, -3, -4, -3, -4)), RpoObjective.paper(0.5, 0));
        assertMean(0, metrics, "rewards/accuracies");
        assertMean(Math.log(2), metrics, "loss");
    }

    @Test
    void nothingToEvaluateIsABug() {
        assertThrows(IllegalArgumentException.class, () -> Evaluation.of(List.of(), RpoObjective.paper(0.1, 1)));
    }

    private static void assertMean(double expected, Map<String, Estimate> metrics, String name) {
        assertEquals(expected, metrics.get(name).mean(), 1e-12, name);
    }

    private static PairResult pair(
            int chosenTokens, double chosen, double rejected, double refChosen, double refRejected) {
        TrainingExample tokens = TrainingExample.pair(0, new int[1], new int[chosenTokens], new int[4]);
        return new PairResult(tokens.withReference(refChosen, refRejected), chosen, rejected);
    }
}
