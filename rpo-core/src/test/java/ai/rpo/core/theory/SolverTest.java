package ai.rpo.core.theory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.objective.Logistic;
import ai.rpo.core.theory.Comparisons.Duel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SolverTest {

    /**
     * Stationarity of eq. 4.8: π(a) = q(a) + (1/ηN)·Σ σ(−mᵢ)·(1[a = y⁺ᵢ] − 1[a = y⁻ᵢ]), with q the shares among the
     * chosen. A minimum over all policies exists where each action has won once.
     */
    @Property(tries = 200)
    void theMinimumOverAllPoliciesIsStationary(
            @ForAll long seed,
            @ForAll @IntRange(min = 2, max = 6) int actions,
            @ForAll @DoubleRange(min = 0.02, max = 2) double eta,
            @ForAll @DoubleRange(min = 0.05, max = 1) double beta) {
        Random random = new Random(seed);
        Bandit bandit = Bandit.of(distribution(random, actions));
        List<Duel> duels = new ArrayList<>();
        for (int a = 0; a < actions; a++) {
            duels.add(new Duel(0, a, (a + 1 + random.nextInt(actions - 1)) % actions, 1 + random.nextInt(20)));
        }
        Comparisons data = new Comparisons(1, actions, duels);
        Solution solution = new Solver(Game.onChosen(bandit, data, eta, beta), RewardClass.unbounded(bandit)).minimax();
        double[] expected = data.chosenShares();
        for (Duel duel : duels) {
            double margin =
                    beta * (logRatio(solution, bandit, duel.winner()) - logRatio(solution, bandit, duel.loser()));
            double pull = duel.count() * Logistic.sigmoid(-margin) / (eta * data.total());
            expected[duel.winner()] += pull;
            expected[duel.loser()] -= pull;
        }
        assertArrayEquals(expected, solution.policy(), 1e-6);
        assertTrue(Math.abs(solution.gap()) < 1e-9, () -> "gap " + solution.gap());
    }

    private static double logRatio(Solution solution, Bandit bandit, int action) {
        return Math.log(solution.policy()[action] / bandit.reference()[action]);
    }

    /** Over the box every answer carries its proof: the gap bounds how much better any other could be. */
    @Property(tries = 100)
    void theGapOverABoxCloses(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 3) int prompts,
            @ForAll @IntRange(min = 2, max = 5) int actions,
            @ForAll @DoubleRange(min = 0.01, max = 2) double eta,
            @ForAll @DoubleRange(min = 0.02, max = 1) double beta,
            @ForAll @DoubleRange(min = 0.3, max = 4) double range) {
        Random random = new Random(seed);
        double[] reference = new double[prompts * actions];
        double[] base = new double[prompts * actions];
        List<Duel> duels = new ArrayList<>();
        for (int x = 0; x < prompts; x++) {
            System.arraycopy(distribution(random, actions), 0, reference, x * actions, actions);
            System.arraycopy(distribution(random, actions), 0, base, x * actions, actions);
            for (int i = random.nextInt(4); i > 0; i--) { // often no data on an action or a prompt
                int winner = random.nextInt(actions);
                duels.add(new Duel(
                        x, winner, (winner + 1 + random.nextInt(actions - 1)) % actions, 1 + random.nextInt(9)));
            }
        }
        Bandit bandit = new Bandit(distribution(random, prompts), reference);
        Game game = new Game(bandit, new Comparisons(prompts, actions, duels), base, eta, beta);
        Solution solution = new Solver(game, RewardClass.box(bandit, range)).minimax();
        assertTrue(solution.gap() > -1e-12 && solution.gap() < 1e-9, () -> "gap " + solution.gap());
        for (double reward : solution.rewards()) {
            assertTrue(reward >= 0 && reward <= range, () -> "reward " + reward);
        }
        double[] other = bandit.gibbs(distribution(random, bandit.size()), 0.3);
        double secured = new Solver(game, RewardClass.box(bandit, range)).worstValue(other);
        assertTrue(secured <= solution.most() + 1e-9, "no policy secures more than the solution's");
    }

    @Test
    void actionsWithoutDataLoseTheirMassAsTheBoxGrows() {
        Bandit bandit = Bandit.of(0.3, 0.2, 0.5);
        Game game = Game.onChosen(bandit, Comparisons.ofOnePrompt(3, 0, 1, 6, 1, 0, 4), 0.2, 0.5);
        double last = bandit.reference()[2];
        for (double range : new double[] {1, 3, 9}) {
            double unseen =
                    new Solver(game, RewardClass.box(bandit, range)).minimax().policy()[2];
            assertTrue(unseen < last / 3, "π(unseen) = " + unseen + " at R = " + range);
            last = unseen;
        }
    }

    /** Without data both sides know only the base policy, and β·log E e^{r/β} − E_base r is least at equal rewards. */
    @Test
    void theGameHasAValueWithoutData() {
        Bandit bandit = Bandit.of(0.4, 0.4, 0.2);
        Game game = new Game(bandit, Comparisons.none(bandit), bandit.reference(), 0.5, 0.1);
        Solution solution = new Solver(game, RewardClass.box(bandit, 1)).minimax();
        assertArrayEquals(bandit.reference(), solution.policy(), 1e-9);
        assertEquals(0, solution.most(), 1e-12);
        assertEquals(0, solution.gap(), 1e-9);
    }

    @Test
    void aMixedClassIsSolvedLikeItsHull() {
        Bandit bandit = Bandit.of(0.5, 0.5);
        FiniteClass two = new FiniteClass(
                bandit, new double[][] {{1, 0}, {0, 1}}, new double[] {0.7, 0.7}, new double[] {0.5, 0.5}, 1, 0.2);
        FiniteClass.Mixture mixture = two.maximin();
        assertArrayEquals(new double[] {0.5, 0.5}, mixture.weights(), 1e-9);
        assertEquals(0.7, mixture.least(), 1e-12);
        assertTrue(two.minimax() > mixture.most());
    }

    static double[] distribution(Random random, int size) {
        double[] weights = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            weights[i] = 0.05 + random.nextDouble();
            sum += weights[i];
        }
        for (int i = 0; i < size; i++) {
            weights[i] /= sum;
        }
        return weights;
    }
}
