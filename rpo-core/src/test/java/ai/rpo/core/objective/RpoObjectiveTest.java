package ai.rpo.core.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.objective.RpoObjective.Weight;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RpoObjectiveTest {

    private static final BatchSize ALONE = new BatchSize(1, 4);

    @Test
    void onePairWorkedByHand() {
        // β·(−3 + 4) = 0.5 and β·(−5 + 4.5) = −0.25: margin 0.75, σ(−0.75) = 0.320821300824607
        PairOutcome pair = RpoObjective.paper(0.5, 2).evaluate(-3, -5, -4, -4.5, 4, ALONE);
        assertEquals(0.5, pair.chosenReward(), 1e-15);
        assertEquals(-0.25, pair.rejectedReward(), 1e-15);
        assertEquals(0.75, pair.margin(), 1e-15);
        assertEquals(0.386871006114900, pair.preferenceLoss(), 1e-12);
        assertEquals(3, pair.regularizer(), 1e-15);
        assertEquals(-0.5 * (0.320821300824607 + 2), pair.chosenCoefficient(), 1e-12);
        assertEquals(0.5 * 0.320821300824607, pair.rejectedCoefficient(), 1e-12);
    }

    @Test
    void aPairThatIsNotRegularizedIsDpoAloneInItsBatch() {
        BatchSize batch = new BatchSize(2, 10);
        ExampleLogps pair = ExampleLogps.pair(-3, -5, -4, -4.5, 4, 6);
        ExampleLogps without = new ExampleLogps(
                pair.policy(), pair.reference(), pair.rewards(), 0, false, pair.tokens(), pair.policyTokens());
        for (Reduction reduction : Reduction.values()) {
            Outcome outcome = new RpoObjective(0.5, 2, reduction, Weight.ETA).evaluate(without, batch);
            Outcome dpo = new RpoObjective(0.5, 0, reduction, Weight.ETA).evaluate(pair, batch);
            assertArrayEquals(dpo.coefficients(), outcome.coefficients(), 1e-15);
            assertEquals(dpo.values().get(Metrics.LOSS), outcome.values().get(Metrics.LOSS), 1e-15);
            assertEquals(0, outcome.values().get(Metrics.SFT_LOSS));
        }
    }

    @Test
    void lossIsLnTwoWhereThePolicyIsTheReference() {
        PairOutcome pair = RpoObjective.paper(0.1, 0).evaluate(-7, -11, -7, -11, 4, ALONE);
        assertEquals(0, pair.margin());
        assertEquals(Math.log(2), pair.preferenceLoss(), 1e-15);
        assertEquals(-0.05, pair.chosenCoefficient(), 1e-15);
        assertEquals(0.05, pair.rejectedCoefficient(), 1e-15);
    }

    /** The second pair of a batch of 2 pairs with 4 + 6 chosen tokens, log π(y⁺) = −12. */
    @ParameterizedTest
    @CsvSource({"SUM, 6", "SEQUENCE_MEAN, 1", "TOKEN_MEAN, 1.2"})
    void eachReductionDividesByItsOwn(Reduction reduction, double regularizer) {
        BatchSize batch = new BatchSize(2, 10);
        PairOutcome pair =
                new RpoObjective(0.1, 3, reduction, Weight.ETA_TIMES_BETA).evaluate(-12, -1, -12, -1, 6, batch);
        assertEquals(regularizer, pair.regularizer(), 1e-12);
        assertEquals(Math.log(2) / 2, pair.preferenceLoss(), 1e-12);
        double preferenceSlope = -0.1 * 0.5 / 2;
        assertEquals(preferenceSlope - 0.3 * regularizer / 12, pair.chosenCoefficient(), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({"SUM, ETA_TIMES_BETA", "SEQUENCE_MEAN, ETA", "TOKEN_MEAN, ETA"})
    void theShareAtTheReferenceIsThatOfTheDerivative(Reduction reduction, Weight weight) {
        RpoObjective objective = new RpoObjective(0.1, 0.2, reduction, weight);
        double whole = objective.evaluate(-7, -11, -7, -11, 4, ALONE).chosenCoefficient();
        double preferences =
                RpoObjective.paper(0.1, 0).evaluate(-7, -11, -7, -11, 4, ALONE).chosenCoefficient();
        assertEquals(1 - preferences / whole, objective.shareAtReference(4), 1e-15);
        // 2η/(1 + 2η) of sums, whatever β and the length
        assertEquals(1 / 101.0, RpoObjective.paper(0.3, 0.005).shareAtReference(50), 1e-15);
        assertEquals(0, RpoObjective.paper(0.3, 0).shareAtReference(50));
    }

    @Test
    void theWeightIsEtaTimesBetaOrEta() {
        assertEquals(0.15, new RpoObjective(0.1, 1.5, Reduction.SUM, Weight.ETA_TIMES_BETA).effectiveWeight(), 1e-15);
        assertEquals(1.5, new RpoObjective(0.1, 1.5, Reduction.SUM, Weight.ETA).effectiveWeight());
        assertEquals(0.15, RpoObjective.paper(0.1, 1.5).effectiveWeight(), 1e-15);
    }

    @Property(tries = 300)
    void coefficientsAreTheSlopesOfTheBatchLoss(
            @ForAll @DoubleRange(min = -30, max = -0.1) double chosen,
            @ForAll @DoubleRange(min = -30, max = -0.1) double rejected,
            @ForAll @DoubleRange(min = 0.01, max = 2) double beta,
            @ForAll @DoubleRange(min = 0, max = 3) double eta,
            @ForAll Reduction reduction,
            @ForAll Weight weight,
            @ForAll @IntRange(min = 1, max = 50) int tokens) {
        RpoObjective objective = new RpoObjective(beta, eta, reduction, weight);
        BatchSize batch = new BatchSize(3, tokens + 17L);
        double h = 1e-5;
        double byChosen = (loss(objective, chosen + h, rejected, tokens, batch)
                        - loss(objective, chosen - h, rejected, tokens, batch))
                / (2 * h);
        double byRejected = (loss(objective, chosen, rejected + h, tokens, batch)
                        - loss(objective, chosen, rejected - h, tokens, batch))
                / (2 * h);
        PairOutcome pair = objective.evaluate(chosen, rejected, -15, -14, tokens, batch);
        assertEquals(byChosen, pair.chosenCoefficient(), 1e-7);
        assertEquals(byRejected, pair.rejectedCoefficient(), 1e-7);
    }

    private static double loss(RpoObjective objective, double chosen, double rejected, int tokens, BatchSize batch) {
        PairOutcome pair = objective.evaluate(chosen, rejected, -15, -14, tokens, batch);
        return pair.preferenceLoss() + objective.effectiveWeight() * pair.regularizer();
    }

    @Test
    void largeMarginsNeitherOverflowNorVanish() {
        RpoObjective dpo = RpoObjective.paper(1, 0);
        PairOutcome won = dpo.evaluate(0, -1e4, 0, 0, 4, ALONE);
        assertEquals(0, won.preferenceLoss(), 1e-300);
        assertEquals(0, won.rejectedCoefficient(), 1e-300);
        PairOutcome lost = dpo.evaluate(-1e4, 0, 0, 0, 4, ALONE);
        assertEquals(1e4, lost.preferenceLoss(), 1e-9);
        assertEquals(-1, lost.chosenCoefficient(), 1e-15);
        // −log σ(40) = e⁻⁴⁰ to rounding, which 1/(1 + e⁻⁴⁰) = 1 would lose.
        PairOutcome nearly = dpo.evaluate(0, -40, 0, 0, 4, ALONE);
        assertEquals(1, nearly.preferenceLoss() / Math.exp(-40), 1e-12);
        assertEquals(1, nearly.rejectedCoefficient() / Math.exp(-40), 1e-12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesBeta(double beta) {
        String message = assertThrows(IllegalArgumentException.class, () -> RpoObjective.paper(beta, 1))
                .getMessage();
        assertTrue(message.startsWith("beta must be above 0") && message.endsWith("is " + beta), message);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1e-9, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesEta(double eta) {
        String message = assertThrows(IllegalArgumentException.class, () -> RpoObjective.paper(0.1, eta))
                .getMessage();
        assertTrue(message.startsWith("eta must be at least 0") && message.endsWith("is " + eta), message);
    }

    @Test
    void aBatchHasAPairAndEachPairAToken() {
        assertThrows(IllegalArgumentException.class, () -> new BatchSize(0, 5));
        assertThrows(IllegalArgumentException.class, () -> new BatchSize(3, 2));
    }
}
