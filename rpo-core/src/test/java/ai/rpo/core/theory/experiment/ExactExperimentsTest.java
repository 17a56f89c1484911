package ai.rpo.core.theory.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.gauge.BestOfN;
import ai.rpo.core.theory.ConstrainedProblem.Priced;
import ai.rpo.core.theory.FiniteClass.Mixture;
import ai.rpo.core.theory.Solution;
import ai.rpo.core.theory.experiment.Equivalence.Sides;
import ai.rpo.core.theory.experiment.FixedCounts.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values of an independent program in numpy, to the digits that it printed. */
class ExactExperimentsTest {

    private static final double SIX = 5.1e-7;
    private static final double NINE = 5.1e-10;

    @Test
    void dpoOnThePapersExample() {
        OneComparison example = OneComparison.run();
        assertEquals(0.061185, example.lossOfCoveringPolicy(), SIX);
        assertEquals(0.065436, example.lossOfLeakingPolicy(), SIX);
        assertArrayEquals(new double[] {0.990279, 0.000354, 0.009367}, example.trained(), SIX);
    }

    @ParameterizedTest
    @CsvSource({
        "0.2,  0.1, 0.907100, 0.058125, 0.034776, 0.936162, -1.146752, 0.690960541",
        "0.02, 0.1, 0.788536, 0.005224, 0.206240, 0.791148, -2.107265, 0.663528402",
        "0.2,  0.5, 0.685079, 0.272784, 0.042137, 0.821471, -0.746823, 0.739643369",
        "1,    0.1, 0.720206, 0.264260, 0.015533, 0.852337, -0.737546, 0.756740266",
    })
    void rpoOfFixedCounts(
            double eta, double beta, double a, double b, double c, double value, double logp, double loss) {
        Solution solution = FixedCounts.unbounded(eta, beta);
        Outcome outcome = FixedCounts.outcome(solution.policy());
        assertArrayEquals(new double[] {a, b, c}, solution.policy(), SIX);
        assertEquals(value, outcome.value(), SIX);
        assertEquals(logp, outcome.chosenLogProbability(), SIX);
        assertEquals(loss, FixedCounts.game(eta, beta).practicalLoss(solution.policy()), NINE);
        assertTrue(Math.abs(solution.gap()) < 1e-9);

        Solution inBox = FixedCounts.inBox(eta, beta);
        assertTrue(inBox.gap() < 1e-9);
        double[] expected = beta == 0.5 ? new double[] {0.681802, 0.272063, 0.046136} : new double[] {a, b, c};
        assertArrayEquals(expected, inBox.policy(), SIX);
        double[] rewards = inBox.rewards();
        assertEquals(beta == 0.5 ? -1 : rewards[2] - rewards[0], rewards[2] - rewards[0], SIX, "the box binds");
    }

    @Test
    void marginsOfFixedCounts() {
        double[] rewards = FixedCounts.unbounded(0.2, 0.1).rewards();
        assertEquals(0.274766, rewards[0] - rewards[1], SIX);
        assertEquals(0.017948, rewards[2] - rewards[1], SIX);
    }

    @ParameterizedTest
    @CsvSource({
        "0.1, 0.015600, 0.000089, 0.984311, 0.015644, -6.029056",
        "0.5, 0.374265, 0.133290, 0.492445, 0.440910, -1.362048",
    })
    void theLikeliestRewardOfFixedCounts(double beta, double a, double b, double c, double value, double logp) {
        Outcome outcome = FixedCounts.mostLikely(beta);
        assertArrayEquals(new double[] {a, b, c}, outcome.policy(), SIX);
        assertEquals(value, outcome.value(), SIX);
        assertEquals(logp, outcome.chosenLogProbability(), SIX);
    }

    /** Plain gradient descent on the product's own loss: DPO's value rises, then collapses; RPO's reaches the minimum. */
    @Test
    void trainingOnFixedCounts() {
        List<FixedCounts.Point> dpo = FixedCounts.trained(0, 0.1, List.of(1, 1000, 10_000, 100_000));
        assertArrayEquals(FixedCounts.BANDIT.reference(), dpo.get(0).outcome().policy(), 1e-15);
        assertPoint(dpo.get(1), -2.089376, 0.881089, 0.004625, 0.114285);
        assertPoint(dpo.get(2), -8.057802, 0.002047, 0.000011, 0.997942);
        assertPoint(dpo.get(3), -29.168398, 0, 0, 1);
        assertTrue(dpo.get(1).outcome().value() > dpo.get(0).outcome().value());
        assertTrue(dpo.get(2).outcome().value() < 0.01);
        List<FixedCounts.Point> rpo = FixedCounts.trained(0.2, 0.1, List.of(1000, 10_000, 100_000));
        assertPoint(rpo.get(0), -1.151225, 0.904943, 0.057537, 0.037519);
        assertPoint(rpo.get(1), -1.146752, 0.907100, 0.058125, 0.034776);
        assertPoint(rpo.get(2), -1.146752, 0.907100, 0.058125, 0.034776);
        assertArrayEquals(
                FixedCounts.unbounded(0.2, 0.1).policy(), rpo.get(2).outcome().policy(), 1e-9);
    }

    private static void assertPoint(FixedCounts.Point point, double logp, double... policy) {
        assertArrayEquals(policy, point.outcome().policy(), SIX);
        assertEquals(logp, point.outcome().chosenLogProbability(), SIX);
    }

    /** Columns: N, η, gap of RPO, of KL at β = 1/√N, of KL in hindsight, π(c) given that c won, C, bound. */
    @ParameterizedTest
    @CsvSource({
        "10,    0.464054, 0.238704, 0.346629, 0.340654, 0.191990, 0.478703, 13.918473",
        "30,    0.292470, 0.146596, 0.347628, 0.326885, 0.087791, 0.410921, 8.335391",
        "100,   0.173765, 0.064419, 0.365760, 0.322230, 0.037777, 0.387542, 4.867044",
        "300,   0.106976, 0.013704, 0.376841, 0.321627, 0.017725, 0.380874, 2.979711",
        "1000,  0.062342, 0.003011, 0.377540, 0.321484, 0.007936, 0.378541, 1.732000",
        "3000,  0.037861, 0.001498, 0.377541, 0.321444, 0.003969, 0.377874, 1.050535",
        "10000, 0.021803, 0.000729, 0.377541, 0.321430, 0.001930, 0.377641, 0.604418",
    })
    void rareAction(
            int pairs, double eta, double rpo, double kl, double hindsight, double mass, double c, double bound) {
        RareAction row = RareAction.of(pairs);
        assertEquals(eta, row.eta(), SIX);
        assertEquals(1 / Math.sqrt(pairs), row.beta(), 1e-15);
        assertEquals(rpo, row.rpo(), SIX);
        assertEquals(kl, row.kl(), SIX);
        assertEquals(hindsight, row.klInHindsight(), SIX);
        assertEquals(mass, row.rareMass(), SIX);
        assertEquals(c, row.coverage(), SIX);
        assertEquals(bound, row.bound(), SIX);
        assertTrue(row.rpo() <= row.bound());
        assertEquals(0.377541, RareAction.dpo(), SIX);
        assertTrue(row.chiSquaredInHindsight() < row.klInHindsight());
    }

    @Test
    void bothSidesOfTheGameMeet() {
        Sides sides = Equivalence.solve();
        double[] rewards = sides.minimax().rewards();
        double[] differences = {0, -0.444529, -1.195646, -0.165483, 0, 0.101873, 0.579785, -1.420215};
        for (int i = 0; i < rewards.length; i++) {
            assertEquals(differences[i], rewards[i] - rewards[i / 4 * 4], 6e-6); // the box leaves a shift free
        }
        double[] policy = {0.946446, 0.008329, 0.000003, 0.045222, 0.003000, 0.008308, 0.988692, 0.000000};
        assertArrayEquals(policy, sides.minimax().policy(), SIX);
        assertEquals(0.637163606, sides.minimax().most(), NINE);
        assertEquals(0.637163606, sides.maximin().least(), NINE);
        assertTrue(sides.minimax().gap() < 1e-9);
        assertTrue(sides.maximin().gap() < 1e-9);
        assertTrue(sides.difference() < 1e-8, () -> "policies differ by " + sides.difference());
        assertEquals(0.615572513, Equivalence.DATA.value(rewards), NINE);
        assertEquals(0.578359038, sides.valueOfReference(), NINE);
        assertEquals(0.520226829, sides.valueOfLikeliest(), NINE);
        assertEquals(0.975150, sides.likeliestPolicy()[3], SIX);
        assertEquals(0.601525810, Equivalence.DATA.value(sides.likeliest()), NINE);
        assertEquals(0.649520140, Equivalence.GAME.practicalLoss(sides.minimax().policy()), NINE);
    }

    @Test
    void coverageOfCompetitors() {
        assertEquals(0.789187, Equivalence.coverage(0, 2), SIX);
        assertEquals(6.826226, Equivalence.coverage(3, 2), SIX);
        assertEquals(Double.POSITIVE_INFINITY, Equivalence.coverage(0, 3));
    }

    @Test
    void withoutConvexityTheSidesDiffer() {
        Equivalence.TwoRewards two = Equivalence.withoutConvexity();
        assertEquals(1.243951509, two.minimax(), NINE);
        assertEquals(0.813261688, two.maximin(), NINE);
        assertEquals(0.430689822, two.minimax() - two.maximin(), NINE);
        assertEquals(Math.log(2), two.between(), NINE);
    }

    @Test
    void theRateIsOneOverTheRoot() {
        List<ShrinkingGap> rows = ShrinkingGap.run();
        double[] scaled = {0.526364, 0.509071, 0.500608, 0.495285, 0.492411, 0.490512, 0.489467};
        double[] dpo = {0.350952, 0.314100, 0.295079, 0.283278, 0.277225, 0.273480, 0.271563};
        for (int i = 0; i < rows.size(); i++) {
            assertEquals(scaled[i], rows.get(i).rpo() * Math.sqrt(rows.get(i).pairs()), SIX);
            assertEquals(dpo[i], rows.get(i).dpo(), SIX);
        }
        assertEquals(-0.5066, ShrinkingGap.slope(rows, false), 5.1e-5);
        assertEquals(-0.0243, ShrinkingGap.slope(rows, true), 5.1e-5);
    }

    /** Columns: η, θ, π, J, E log π of the chosen. */
    @ParameterizedTest
    @CsvSource({
        "0,     0.489548, 0,         0.014738, 0.000110, 0.985151, -0.485206, -6.0776",
        "0.005, 0.481428, -0.861891, 0.981117, 0.007960, 0.010924, 0.485097,  -1.8485",
        "0.05,  0.412726, -1.030063, 0.983121, 0.015855, 0.001025, 0.491048,  -1.5854",
        "0.2,   0.242178, -0.992411, 0.918241, 0.081506, 0.000253, 0.458994,  -1.0056",
        "1,     0.092836, -0.980238, 0.716707, 0.283243, 0.000050, 0.358329,  -0.6859",
    })
    void extrapolation(
            double eta, double first, double second, double a, double b, double c, double value, double logp) {
        Extrapolation.Point point = Extrapolation.trained(eta, List.of(40_000)).get(0);
        assertArrayEquals(new double[] {first, second}, point.weights(), SIX);
        assertArrayEquals(new double[] {a, b, c}, point.policy(), SIX);
        assertEquals(value, point.value(), SIX);
        assertEquals(logp, point.chosenLogProbability(), 5.1e-5);
        assertTrue(Extrapolation.solved(eta).gap() < 1e-9);
    }

    @Test
    void noWeightOfKlRepairsExtrapolation() {
        double[] values = {-0.500000, -0.485206, -0.207427, 0.037924, 0.084365, 0.095853};
        assertArrayEquals(
                values,
                Extrapolation.BETAS.stream()
                        .mapToDouble(Extrapolation::valueOfKl)
                        .toArray(),
                SIX);
        assertEquals(0.1, Extrapolation.valueOfReference(), 1e-12);
        assertEquals(-0.439276, Extrapolation.trained(0, List.of(100)).get(0).value(), SIX);
        assertEquals(
                -0.343678, Extrapolation.trained(0.005, List.of(1000)).get(0).value(), SIX);
        assertTrue(Double.isFinite(Extrapolation.coverage(0)));
        assertEquals(Double.POSITIVE_INFINITY, Extrapolation.coverage(2));
    }

    @Test
    void estimatorsOfKl() {
        KlEstimators near = KlEstimators.near();
        assertEquals(0.183786897, near.kl(), NINE);
        assertEquals(near.kl(), near.k1().mean(), 1e-12);
        assertEquals(0.574088113, near.k1().deviation(), NINE);
        assertEquals(0.181677393, near.k2().mean(), NINE);
        assertEquals(0.038329393, near.k2().deviation(), NINE);
        assertEquals(near.kl(), near.k3().mean(), 1e-12);
        assertEquals(0.080565558, near.k3().deviation(), NINE);
        KlEstimators far = KlEstimators.far();
        assertEquals(0.811320147, far.kl(), NINE);
        assertEquals(0.595395941, far.k1().deviation(), NINE);
        assertEquals(0.506368354, far.k2().mean(), NINE);
        assertEquals(3.802971902, far.k3().deviation(), NINE);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 0",
        "2, 0.176025874, 0.193147181",
        "4, 0.540464072, 0.636294361",
        "8, 0.835426317, 1.204441542",
        "64, 0.916290732, 3.174508083"
    })
    void bestOfN(int n, double exact, double formula) {
        assertEquals(exact, FiniteBestOfN.exactKl(n), NINE);
        assertEquals(formula, BestOfN.kl(n), NINE);
    }

    @ParameterizedTest
    @CsvSource({"1, 0.4", "2, 0.46", "3, 0.42", "5, 0.2"})
    void bestOfNWithoutBias(int n, double expected) {
        assertEquals(expected, BestOfN.mean(new double[] {0.1, 0.5, 0.3, 0.9, 0.2}, n), 1e-12);
    }

    @Test
    void constraint() {
        Priced priced = Constraint.PROBLEM.solve();
        assertEquals(1.073880750, priced.price(), NINE);
        assertArrayEquals(new double[] {0.021979, 0.638731, 0.293279, 0.046011}, priced.policy(), SIX);
        assertEquals(0.650275, Constraint.BANDIT.expectation(priced.policy(), Constraint.REWARDS), SIX);
        assertEquals(0.598809728, priced.primal(), NINE);
        assertEquals(0.598809728, priced.dual(), NINE);
        double[] free = Constraint.PROBLEM.at(0).policy();
        assertEquals(0.938748, Constraint.BANDIT.expectation(free, Constraint.COSTS), SIX);
        assertEquals(1.073880750, Constraint.PROBLEM.ascend(2000, 0.5), NINE);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.423360, 0.9", "0.02, 0.235154, 0.813587", "0.1, 0.111402, 0.721625", "0.5, 0.050431, 0.633087"})
    void scalarRewards(double eta, double mass, double reward) {
        Solution solution = ScalarRewards.solve(eta);
        assertEquals(mass, solution.policy()[2], SIX);
        assertEquals(reward, solution.rewards()[2], SIX);
        assertTrue(solution.gap() < 1e-9);
    }

    @Test
    void ensembleAsAFiniteClass() {
        Mixture mixture = EnsembleGame.CLASS.maximin();
        assertArrayEquals(new double[] {0.391225, 0.608775, 0}, mixture.weights(), SIX);
        assertArrayEquals(new double[] {0.839581, 0.064586, 0.095832}, mixture.policy(), SIX);
        assertEquals(0.602845218, mixture.most(), NINE);
        assertTrue(mixture.gap() < 1e-9);
        assertEquals(0.610904472, EnsembleGame.CLASS.minimax(), NINE);
        assertArrayEquals(new double[] {0.898672, 0.016460, 0.084869}, EnsembleGame.mean(), SIX);
        assertArrayEquals(new double[] {0.980820, 0.017964, 0.001216}, EnsembleGame.worstCase(), SIX);
        assertArrayEquals(new double[] {0.945006, 0.017895, 0.037099}, EnsembleGame.uncertaintyWeighted(0.5), SIX);
    }

    @Test
    void constantsOfThePublishedProof() {
        ProofConstants constants = ProofConstants.run();
        assertEquals(0.010000, constants.squaredTotalVariation(), SIX);
        assertEquals(0.005064, constants.hellinger(), SIX);
        assertEquals(0.010128, constants.sumOfSquares(), SIX);
        assertEquals(0.072329, constants.kappa(), SIX);
        assertEquals(0.196612, constants.sharpKappa(), SIX);
    }
}
