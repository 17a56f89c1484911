package ai.rpo.core.theory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is refused, and the closed forms that the solvers stand on. */
class BanditTest {

    private final Bandit bandit = Bandit.of(0.5, 0.5, 0);

    @Test
    void aReferenceThatDoesNotSumToOneIsNamed() {
        refused(() -> Bandit.of(0.4, 0.4, 0.1), "the reference policy of prompt 0: it sums to 0.9");
        refused(() -> new Bandit(new double[] {0.5, 0.6}, new double[] {1, 1}), "the distribution of prompts");
        refused(() -> Bandit.of(1.2, -0.2), "probability -0.2");
        refused(() -> Bandit.of(Double.NaN, 1), "probability NaN");
        refused(() -> new Bandit(new double[] {0.5, 0.5}, new double[] {1, 0, 1}), "each prompt needs as many actions");
    }

    @Test
    void aPolicyOutsideTheReferencesSupportIsNamed() {
        refused(() -> bandit.requirePolicy(new double[] {0.2, 0.2, 0.6}), "takes action 2 of prompt 0");
        refused(() -> bandit.requirePolicy(new double[] {0.5, 0.5}), "2 values");
        refused(() -> Game.onChosen(bandit, Comparisons.ofOnePrompt(3, 2, 0, 1), 1, 1), "takes action 2");
        assertEquals(Double.POSITIVE_INFINITY, bandit.kl(new double[] {0, 0, 1}));
    }

    @Test
    void dataThatCannotBeAreNamed() {
        refused(() -> Comparisons.ofOnePrompt(3, 1, 1, 4), "with itself");
        refused(() -> Comparisons.ofOnePrompt(3, 0, 3, 1), "1 prompts of 3 actions");
        refused(() -> Comparisons.ofOnePrompt(3, 0, 1, -1), "Cannot count -1");
        refused(() -> Comparisons.none(bandit).chosenShares(), "prompt 0 has no comparison");
        refused(
                () -> new Game(bandit, new Comparisons(1, 2, List.of()), bandit.reference(), 1, 1),
                "1 prompts and 2 actions");
        refused(() -> new Game(bandit, Comparisons.none(bandit), bandit.reference(), -1, 1), "eta");
        refused(() -> new Game(bandit, Comparisons.none(bandit), bandit.reference(), 1, 0), "beta");
    }

    @Test
    void aBoxThatExcludesTheTruthIsNamed() {
        RewardClass box = RewardClass.box(bandit, 1);
        box.requireContains(new double[] {0, 1, 0.5});
        refused(() -> box.requireContains(new double[] {0, 1.5, 0.5}), "true value 1.5 at place 1 lies outside");
        refused(() -> RewardClass.box(bandit, 0), "R must be above 0");
        refused(() -> new Guarantee(1, 0, 1, 0.05), "Cannot bound anything");
        refused(() -> new Guarantee(1, 10, 1, 1), "Cannot bound anything");
    }

    /** β·log Z is the value of the Gibbs policy, and no other policy has more. */
    @Test
    void theGibbsPolicyAttainsTheLogPartition() {
        Bandit two = new Bandit(new double[] {0.3, 0.7}, new double[] {0.2, 0.8, 0.5, 0.5});
        double[] rewards = {1, 0.2, -0.4, 0.9};
        double beta = 0.25;
        double[] policy = two.gibbs(rewards, beta);
        double value = two.expectation(policy, rewards) - beta * two.kl(policy);
        assertEquals(beta * two.logPartition(rewards, beta), value, 1e-12);
        assertTrue(two.expectation(two.reference(), rewards) < value);
        assertArrayEquals(new double[] {1, 0}, Bandit.of(0.5, 0.5).gibbs(new double[] {900, -900}, 0.1), 1e-300);
    }

    /** β·(z + log z) differs between actions by their rewards' difference, and the policy sums to 1. */
    @Test
    void chiSquaredPolicySolvesItsEquation() {
        Bandit four = Bandit.of(0.1, 0.2, 0.3, 0.4);
        double[] rewards = {1, 0.5, -2, 0};
        for (double beta : new double[] {0.01, 0.3, 10}) {
            double[] policy = ChiSquaredPolicy.of(four, rewards, beta);
            double sum = 0;
            for (int i = 0; i < 4; i++) {
                sum += policy[i];
                assertEquals(
                        rewards[i] - rewards[0],
                        link(policy[i] / four.reference()[i], beta) - link(policy[0] / four.reference()[0], beta),
                        1e-9);
            }
            assertEquals(1, sum, 1e-12);
        }
    }

    private static double link(double ratio, double beta) {
        return beta * (ratio + Math.log(ratio));
    }

    /** Two resistors in a row: a–b with 3/4 of the data, b–c with 1/4 (C² = 4/3 + 4). */
    @Test
    void coverageIsEffectiveResistance() {
        Bandit three = Bandit.of(0.2, 0.3, 0.5);
        Comparisons data = Comparisons.ofOnePrompt(3, 0, 1, 2, 1, 0, 1, 1, 2, 1);
        double[] a = {1, 0, 0};
        assertEquals(Math.sqrt(4.0 / 3 + 4), Coverage.coefficient(three, data, a, new double[] {0, 0, 1}), 1e-12);
        assertEquals(0, Coverage.coefficient(three, data, a, a));
        Comparisons parted = Comparisons.ofOnePrompt(3, 0, 1, 2);
        assertEquals(Double.POSITIVE_INFINITY, Coverage.coefficient(three, parted, a, new double[] {0, 0, 1}));
    }

    @Test
    void aBudgetThatNobodyCanKeepIsNamed() {
        Bandit two = Bandit.of(0.5, 0.5);
        ConstrainedProblem free = new ConstrainedProblem(two, new double[] {1, 0}, new double[] {0.2, 0.1}, 5, 1);
        assertEquals(0, free.solve().price());
        refused(
                () -> new ConstrainedProblem(two, new double[] {1, 0}, new double[] {2, 1}, 0.5, 1).solve(),
                "Cannot keep E c ≤ 0.5");
    }

    private static void refused(org.junit.jupiter.api.function.Executable what, String why) {
        String message = assertThrows(IllegalArgumentException.class, what).getMessage();
        assertTrue(message.contains(why), message);
    }
}
