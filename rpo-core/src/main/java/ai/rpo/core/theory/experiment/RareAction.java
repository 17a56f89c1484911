package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.ChiSquaredPolicy;
import ai.rpo.core.theory.Comparisons;
import ai.rpo.core.theory.Coverage;
import ai.rpo.core.theory.Game;
import ai.rpo.core.theory.Guarantee;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.Solver;
import java.util.ArrayList;
import java.util.List;

/**
 * N − 1 comparisons of a with b and a single one of c with b; true rewards 1, ½, 0. The expectation over all data sets
 * is exact: the wins of a are enumerated. η and β are those of theorem 5.3 for rewards in [0, 1] at δ = 0.05, and the
 * competitor is the policy that takes a.
 *
 * @param pairs N
 * @param eta of the theorem
 * @param beta of the theorem
 * @param rpo E gap of RPO over the box
 * @param kl E gap of the most likely reward's Gibbs policy at the same β
 * @param klInHindsight E gap of the same at the β, of 400, that is best for the outcome
 * @param chiSquaredInHindsight the same of χPO's policy, of 40
 * @param klOnData KL's where the reference is what the data were drawn from
 * @param chiSquaredOnData χPO's with that reference, which is what its theory assumes
 * @param rareMass E π(c) of RPO, given that c won its comparison
 * @param coverage C of the competitor
 * @param bound of the theorem
 */
public record RareAction(
        int pairs,
        double eta,
        double beta,
        double rpo,
        double kl,
        double klInHindsight,
        double chiSquaredInHindsight,
        double klOnData,
        double chiSquaredOnData,
        double rareMass,
        double coverage,
        double bound) {

    public static final List<Integer> SIZES = List.of(10, 30, 100, 300, 1000, 3000, 10000);
    public static final double DELTA = 0.05;

    private static final double RANGE = 1;
    private static final double[] TRUTH = {1, 0.5, 0};
    private static final Bandit BANDIT = Bandit.of(0.4, 0.4, 0.2);
    private static final int BETAS = 400;
    private static final int BETAS_OF_CHI = 40;

    /** DPO at its exact minimum takes c whenever c won: for every N and every β the gap is this probability. */
    public static double dpo() {
        return Comparisons.winProbability(TRUTH[2], TRUTH[1]);
    }

    public static List<RareAction> run() {
        return SIZES.stream().map(RareAction::of).toList();
    }

    /** One possible data set. */
    private record Case(double probability, boolean rareWon, Comparisons data, double[] likeliest) {}

    static RareAction of(int pairs) {
        RewardClass box = RewardClass.box(BANDIT, RANGE);
        box.requireContains(TRUTH);
        Guarantee guarantee = Guarantee.ofBox(BANDIT.size(), RANGE, pairs, DELTA);
        double rpo = 0;
        double rareMass = 0;
        List<Case> cases = cases(pairs, box, guarantee);
        for (Case each : cases) {
            Solver solver = new Solver(Game.onChosen(BANDIT, each.data, guarantee.eta(), guarantee.beta()), box);
            double[] policy = solver.minimax().policy();
            rpo += each.probability * gap(policy);
            rareMass += each.rareWon ? each.probability * policy[2] / dpo() : 0;
        }
        Bandit onData = Bandit.of((1 - 1.0 / pairs) / 2, 0.5, 0.5 / pairs);
        return new RareAction(
                pairs,
                guarantee.eta(),
                guarantee.beta(),
                rpo,
                mean(cases, each -> BANDIT.gibbs(each.likeliest, guarantee.beta())),
                best(cases, BETAS, (each, beta) -> BANDIT.gibbs(each.likeliest, beta)),
                best(cases, BETAS_OF_CHI, (each, beta) -> ChiSquaredPolicy.of(BANDIT, each.likeliest, beta)),
                best(cases, BETAS, (each, beta) -> onData.gibbs(each.likeliest, beta)),
                best(cases, BETAS_OF_CHI, (each, beta) -> ChiSquaredPolicy.of(onData, each.likeliest, beta)),
                rareMass,
                coverage(pairs),
                guarantee.bound(coverage(pairs), Math.log(1 / BANDIT.reference()[0])));
    }

    private static List<Case> cases(int pairs, RewardClass box, Guarantee guarantee) {
        Binomial.Part wins =
                Binomial.around(pairs - 1, Comparisons.winProbability(TRUTH[0], TRUTH[1]), 9, Integer.MAX_VALUE);
        List<Case> cases = new ArrayList<>();
        for (boolean rareWon : new boolean[] {false, true}) {
            for (int i = 0; i < wins.probabilities().length; i++) {
                int won = wins.successes(i);
                Comparisons data = Comparisons.ofOnePrompt(
                        3, 0, 1, won, 1, 0, pairs - 1 - won, rareWon ? 2 : 1, rareWon ? 1 : 2, 1);
                double[] likeliest =
                        new Solver(Game.onChosen(BANDIT, data, 0, guarantee.beta()), box).maximumLikelihood();
                cases.add(new Case(wins.probabilities()[i] * (rareWon ? dpo() : 1 - dpo()), rareWon, data, likeliest));
            }
        }
        return cases;
    }

    private static double gap(double[] policy) {
        return TRUTH[0] - BANDIT.expectation(policy, TRUTH);
    }

    private interface Policy {
        double[] of(Case each, double beta);
    }

    private static double mean(List<Case> cases, java.util.function.Function<Case, double[]> policy) {
        return cases.stream()
                .mapToDouble(each -> each.probability * gap(policy.apply(each)))
                .sum();
    }

    /** Gives the value at the best of β from 0.001 to 100. */
    private static double best(List<Case> cases, int betas, Policy policy) {
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < betas; i++) {
            double beta = Math.exp(Math.log(1e-3) + (Math.log(100) - Math.log(1e-3)) * i / (betas - 1));
            best = Math.min(best, mean(cases, each -> policy.of(each, beta)));
        }
        return best;
    }

    private static double coverage(int pairs) {
        double ofA = Comparisons.winProbability(TRUTH[0], TRUTH[1]) * (pairs - 1) / pairs;
        double ofC = dpo() / pairs;
        Comparisons drawn = Comparisons.ofOnePrompt(3, 0, 1, pairs - 1, 2, 1, 1);
        return Coverage.coefficient(BANDIT, drawn, new double[] {1, 0, 0}, new double[] {ofA, 1 - ofA - ofC, ofC});
    }
}
