package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture.Mixture;
import ai.rpo.core.model.Architecture.Shares;
import java.util.Arrays;

/**
 * Decides which experts each token goes through and what share each of them has, from a router's logits; in double, on
 * any backend the same.
 *
 * <p>A token and one of its experts make a place, {@code token·chosen + n}. Places are put in rows such that those of
 * an expert lie together.
 */
final class Routing {

    private final Mixture mixture;
    private final double[] logits;
    private final int[] experts;
    private final double[] shares;
    private final int[] starts;
    private final int[] rows;
    private final int[] tokens;
    private double[] slopes = {};

    /** @param logits {@code [tokens, experts]} */
    Routing(Mixture mixture, double[] logits) {
        this.mixture = mixture;
        this.logits = logits;
        int count = logits.length / mixture.experts();
        experts = new int[count * mixture.chosen()];
        shares = new double[experts.length];
        for (int token = 0; token < count; token++) {
            choose(token);
            share(token);
        }
        starts = new int[mixture.experts() + 1];
        for (int expert : experts) {
            starts[expert + 1]++;
        }
        for (int e = 0; e < mixture.experts(); e++) {
            starts[e + 1] += starts[e];
        }
        rows = new int[experts.length];
        tokens = new int[experts.length];
        int[] next = starts.clone();
        for (int place = 0; place < experts.length; place++) {
            rows[place] = next[experts[place]]++;
            tokens[rows[place]] = place / mixture.chosen();
        }
    }

    /** Those with the largest logits, the first of them first. */
    private void choose(int token) {
        boolean[] taken = new boolean[mixture.experts()];
        for (int place = first(token); place < first(token + 1); place++) {
            int best = -1;
            for (int e = 0; e < taken.length; e++) {
                if (!taken[e] && (best < 0 || logit(token, e) > logit(token, best))) {
                    best = e;
                }
            }
            taken[best] = true;
            experts[place] = best;
        }
    }

    /** The softmax, whose largest logit is that of the first chosen. */
    private void share(int token) {
        double largest = logit(token, experts[first(token)]);
        double sum = 0;
        if (mixture.shares() == Shares.OF_ALL) {
            for (int e = 0; e < mixture.experts(); e++) {
                sum += Math.exp(logit(token, e) - largest);
            }
        }
        for (int place = first(token); place < first(token + 1); place++) {
            shares[place] = Math.exp(logit(token, experts[place]) - largest);
            sum += mixture.shares() == Shares.OF_CHOSEN ? shares[place] : 0;
        }
        for (int place = first(token); place < first(token + 1); place++) {
            shares[place] /= sum;
        }
    }

    /**
     * The gradient of the logits, {@code [tokens, experts]}: {@code p·(d − Σ p·d)}, over the experts that the softmax
     * is over, where d of those not chosen is 0. Which experts are chosen has none. What {@link #balance} brought is
     * added.
     *
     * @param dShares of each place
     */
    double[] backward(double[] dShares) {
        double[] gradient = new double[logits.length];
        for (int token = 0; token * mixture.experts() < logits.length; token++) {
            double mean = 0;
            for (int place = first(token); place < first(token + 1); place++) {
                mean += shares[place] * dShares[place];
            }
            int row = token * mixture.experts();
            if (mixture.shares() == Shares.OF_ALL) {
                double known = shares[first(token)];
                double largest = logit(token, experts[first(token)]);
                for (int e = 0; e < mixture.experts(); e++) {
                    gradient[row + e] = -mean * known * Math.exp(logits[row + e] - largest);
                }
            }
            for (int place = first(token); place < first(token + 1); place++) {
                double whole = mixture.shares() == Shares.OF_ALL ? dShares[place] : dShares[place] - mean;
                gradient[row + experts[place]] += shares[place] * whole;
            }
            if (slopes.length > 0) {
                addSlopes(token, gradient);
            }
        }
        return gradient;
    }

    /**
     * Makes the gradient of the logits that of another term of the loss too.
     *
     * @param byProbability derivative of that term by each expert's probability, of each token the same
     */
    void balance(double[] byProbability) {
        slopes = byProbability;
    }

    private void addSlopes(int token, double[] gradient) {
        double[] probabilities = probabilities(token);
        double mean = 0;
        for (int e = 0; e < probabilities.length; e++) {
            mean += probabilities[e] * slopes[e];
        }
        for (int e = 0; e < probabilities.length; e++) {
            gradient[token * mixture.experts() + e] += probabilities[e] * (slopes[e] - mean);
        }
    }

    /** The softmax over all experts, whichever the shares are of. */
    private double[] probabilities(int token) {
        double largest = logit(token, experts[first(token)]);
        double[] probabilities = new double[mixture.experts()];
        double sum = 0;
        for (int e = 0; e < probabilities.length; e++) {
            probabilities[e] = Math.exp(logit(token, e) - largest);
            sum += probabilities[e];
        }
        for (int e = 0; e < probabilities.length; e++) {
            probabilities[e] /= sum;
        }
        return probabilities;
    }

    /**
     * Adds each expert's probabilities over all tokens.
     *
     * @return the number of tokens
     */
    int addProbabilities(double[] sums) {
        int count = logits.length / mixture.experts();
        for (int token = 0; token < count; token++) {
            double[] probabilities = probabilities(token);
            for (int e = 0; e < sums.length; e++) {
                sums[e] += probabilities[e];
            }
        }
        return count;
    }

    /** Tells how many rows all experts together compute. */
    int places() {
        return experts.length;
    }

    /** The first row of an expert; its last is before the first of the next. */
    int start(int expert) {
        return starts[expert];
    }

    /** The row of each place. */
    int[] rows() {
        return rows;
    }

    /** The token of each row. */
    int[] tokens() {
        return tokens;
    }

    /** Gives the share of each place. */
    double[] shares() {
        return shares;
    }

    /** Gives shares as if each expert of a token had all of it: what gradients of a token's rows are added up with. */
    double[] wholeShares() {
        double[] whole = new double[shares.length];
        Arrays.fill(whole, 1);
        return whole;
    }

    private int first(int token) {
        return token * mixture.chosen();
    }

    private double logit(int token, int expert) {
        return logits[token * mixture.experts() + expert];
    }
}
