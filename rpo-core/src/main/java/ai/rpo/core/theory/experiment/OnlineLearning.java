package ai.rpo.core.theory.experiment;

import ai.rpo.core.theory.Bandit;
import ai.rpo.core.theory.Comparisons;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Learning in rounds from the policy's own samples: four actions, of which the best is one that the reference takes once
 * in 200 times. Each round draws 20 pairs, labels them by Bradley–Terry on the true rewards, and refits the reward in [0,
 * 1] to all data so far.
 *
 * @param variant what was learnt with
 * @param policies after the last round, of each seed from 0
 * @param regrets Σ over rounds of max r* − E r*, of each seed
 * @param pairs informative pairs that each seed gathered
 */
public record OnlineLearning(Variant variant, double[][] policies, double[] regrets, int[] pairs) {

    public static final int SEEDS = 200;
    public static final int BEST = 3;

    private static final double[] TRUTH = {0.5, 0.4, 0.3, 1};
    private static final Bandit BANDIT = Bandit.of(0.45, 0.30, 0.245, 0.005);
    private static final double BETA = 0.1;
    private static final int ROUNDS = 25;
    private static final int PAIRS = 20;
    private static final int STEPS = 300;
    private static final double RATE = 0.5;

    /** Says of whose answers a round adds weight·β·E[−log π] to L_D. */
    public enum Term {
        NONE,
        /** + of the chosen answers: RPO's, pessimistic. */
        CHOSEN,
        /** − of the reference's: XPO's, optimistic. */
        REFERENCE,
        /** − of the last policy's: SELM's. */
        PREVIOUS
    }

    /**
     * @param weight η or α
     * @param againstReference whether a pair's second answer is the reference's, or the policy's like the first
     */
    public record Variant(String name, Term term, double weight, boolean againstReference) {}

    public static final List<Variant> VARIANTS = List.of(
            new Variant("DPO", Term.NONE, 0, false),
            new Variant("DPO", Term.NONE, 0, true),
            new Variant("RPO η = 0.05", Term.CHOSEN, 0.05, false),
            new Variant("RPO η = 0.05", Term.CHOSEN, 0.05, true),
            new Variant("XPO α = 0.01", Term.REFERENCE, 0.01, true),
            new Variant("XPO α = 0.05", Term.REFERENCE, 0.05, true),
            new Variant("XPO α = 0.2", Term.REFERENCE, 0.2, true),
            new Variant("XPO α = 0.05", Term.REFERENCE, 0.05, false),
            new Variant("SELM α = 0.05", Term.PREVIOUS, 0.05, true),
            new Variant("SELM α = 0.05", Term.PREVIOUS, 0.05, false));

    /** Seeds side by side on the machine's cores; the result does not depend on how many. */
    public static OnlineLearning of(Variant variant) {
        List<Learner> learners = IntStream.range(0, SEEDS)
                .parallel()
                .mapToObj(seed -> new Learner(variant, seed).run())
                .toList();
        return new OnlineLearning(
                variant,
                learners.stream()
                        .map(learner -> BANDIT.gibbs(learner.rewards, BETA))
                        .toArray(double[][]::new),
                learners.stream().mapToDouble(learner -> learner.regret).toArray(),
                learners.stream().mapToInt(learner -> learner.pairs).toArray());
    }

    /** Mean over seeds of π(best). */
    public double massOfBest() {
        return Arrays.stream(policies)
                .mapToDouble(policy -> policy[BEST])
                .average()
                .orElseThrow();
    }

    /** Share of seeds in which the policy came to take the best action more often than not. */
    public double found() {
        return Arrays.stream(policies).filter(policy -> policy[BEST] > 0.5).count() / (double) policies.length;
    }

    /** Mean over seeds of E r*. */
    public double value() {
        return Arrays.stream(policies)
                .mapToDouble(policy -> BANDIT.expectation(policy, TRUTH))
                .average()
                .orElseThrow();
    }

    public double regret() {
        return Arrays.stream(regrets).average().orElseThrow();
    }

    /** One seed. */
    private static final class Learner {

        private static final int ACTIONS = TRUTH.length;

        private final Variant variant;
        private final Draws draws;
        private final double[] rewards = {0.5, 0.5, 0.5, 0.5};
        private final double[][] wins = new double[ACTIONS][ACTIONS];
        private double regret;
        private int pairs;

        private Learner(Variant variant, long seed) {
            this.variant = variant;
            this.draws = new Draws(seed);
        }

        private Learner run() {
            for (int round = 0; round < ROUNDS; round++) {
                double[] policy = BANDIT.gibbs(rewards, BETA);
                regret += TRUTH[BEST] - BANDIT.expectation(policy, TRUTH);
                for (int i = 0; i < PAIRS; i++) {
                    sample(policy);
                }
                if (pairs > 0) {
                    refit(policy);
                }
            }
            return this;
        }

        private void sample(double[] policy) {
            int first = draws.from(policy);
            int second = draws.from(variant.againstReference ? BANDIT.reference() : policy);
            double u = draws.uniform();
            if (first == second) {
                return; // tells nothing
            }
            boolean firstWins = u < Comparisons.winProbability(TRUTH[first], TRUTH[second]);
            wins[firstWins ? first : second][firstWins ? second : first]++;
            pairs++;
        }

        /** Projected gradient descent from the last round's rewards. */
        private void refit(double[] previous) {
            double[] anchor =
                    switch (variant.term) {
                        case CHOSEN -> chosenShares();
                        case REFERENCE -> BANDIT.reference();
                        case NONE, PREVIOUS -> previous;
                    };
            double sign = variant.term == Term.CHOSEN ? variant.weight : -variant.weight;
            double[] gradient = new double[ACTIONS];
            for (int step = 0; step < STEPS; step++) {
                slope(gradient);
                if (sign != 0) {
                    double[] policy = BANDIT.gibbs(rewards, BETA);
                    for (int i = 0; i < ACTIONS; i++) {
                        gradient[i] += sign * (policy[i] - anchor[i]);
                    }
                }
                for (int i = 0; i < ACTIONS; i++) {
                    rewards[i] = Math.min(1, Math.max(0, rewards[i] - RATE * gradient[i]));
                }
            }
        }

        /** ∇L_D. */
        private void slope(double[] gradient) {
            Arrays.fill(gradient, 0);
            for (int i = 0; i < ACTIONS; i++) {
                for (int j = 0; j < i; j++) {
                    double win = Comparisons.winProbability(rewards[i], rewards[j]);
                    double pull = (wins[i][j] * (1 - win) - wins[j][i] * win) / pairs;
                    gradient[i] -= pull;
                    gradient[j] += pull;
                }
            }
        }

        private double[] chosenShares() {
            return Arrays.stream(wins)
                    .mapToDouble(row -> Arrays.stream(row).sum() / pairs)
                    .toArray();
        }
    }
}
