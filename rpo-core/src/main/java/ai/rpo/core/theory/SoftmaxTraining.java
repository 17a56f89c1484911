package ai.rpo.core.theory;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.PairOutcome;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.theory.Comparisons.Duel;

/**
 * Trains a table of logits by plain gradient descent on the loss that the product trains with, one-token answers of one
 * prompt, all data in each step.
 */
public final class SoftmaxTraining {

    private final double[] reference;
    private final Comparisons data;
    private final RpoObjective objective;
    private final double[] logits;

    /** Starts at the reference. */
    public SoftmaxTraining(double[] reference, Comparisons data, RpoObjective objective) {
        this.reference = reference;
        this.data = data;
        this.objective = objective;
        this.logits = new double[reference.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = Math.log(reference[i]);
        }
    }

    public double[] policy() {
        double[] policy = logPolicy();
        for (int i = 0; i < policy.length; i++) {
            policy[i] = Math.exp(policy[i]);
        }
        return policy;
    }

    /** Stays exact where the policy itself is too small for a number. */
    private double[] logPolicy() {
        double top = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            top = Math.max(top, logit);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - top);
        }
        double[] logPolicy = logits.clone();
        for (int i = 0; i < logPolicy.length; i++) {
            logPolicy[i] -= top + Math.log(sum);
        }
        return logPolicy;
    }

    /** Σ weight·log π. */
    public double expectedLogPolicy(double[] weights) {
        double[] logPolicy = logPolicy();
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * logPolicy[i];
        }
        return sum;
    }

    /** Steps of the same rate. */
    public void descend(int steps, double rate) {
        for (int step = 0; step < steps; step++) {
            double[] gradient = gradient(logPolicy());
            for (int i = 0; i < logits.length; i++) {
                logits[i] -= rate * gradient[i];
            }
        }
    }

    /** Each log-probability's coefficient times onehot − π (math.md, 4). */
    private double[] gradient(double[] logPolicy) {
        double[] gradient = new double[logits.length];
        BatchSize batch = new BatchSize((int) data.total(), (long) data.total());
        for (Duel duel : data.duels()) {
            PairOutcome outcome = objective.evaluate(
                    logPolicy[duel.winner()],
                    logPolicy[duel.loser()],
                    Math.log(reference[duel.winner()]),
                    Math.log(reference[duel.loser()]),
                    1,
                    batch);
            double chosen = duel.count() * outcome.chosenCoefficient();
            double rejected = duel.count() * outcome.rejectedCoefficient();
            gradient[duel.winner()] += chosen;
            gradient[duel.loser()] += rejected;
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] -= (chosen + rejected) * Math.exp(logPolicy[i]);
            }
        }
        return gradient;
    }
}
