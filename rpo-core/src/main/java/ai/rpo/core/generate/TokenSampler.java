package ai.rpo.core.generate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Draws a token from a row of logits. The filters are those of transformers, in its order: repetition penalty
 * (arXiv 1909.05858), temperature, top-k, top-p (arXiv 1904.09751); see {@code RepetitionPenaltyLogitsProcessor},
 * {@code TemperatureLogitsWarper}, {@code TopKLogitsWarper} and {@code TopPLogitsWarper} in
 * transformers/generation/logits_process.py. Serves one thread.
 */
final class TokenSampler {

    private final SamplingSettings settings;
    private final double[] scores;
    private final int[] candidates;

    TokenSampler(SamplingSettings settings, int vocabulary) {
        this.settings = settings;
        scores = new double[vocabulary];
        candidates = new int[vocabulary];
    }

    /**
     * @param logits of which one token's begin at {@code from}
     * @param seen tokens of prompt and completion
     * @return −1 if a logit is not a number
     */
    int next(float[] logits, int from, BitSet seen, SplittableRandom random) {
        for (int i = 0; i < scores.length; i++) {
            scores[i] = logits[from + i];
        }
        if (settings.repetitionPenalty() != 1) {
            seen.stream().filter(i -> i < scores.length).forEach(this::penalize);
        }
        int best = likeliest();
        if (best < 0 || settings.temperature() == 0) {
            return best;
        }
        return draw(best, random);
    }

    private void penalize(int token) {
        double penalty = settings.repetitionPenalty();
        scores[token] = scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty;
    }

    private int likeliest() {
        int best = 0;
        for (int i = 0; i < scores.length; i++) {
            if (Double.isNaN(scores[i])) {
                return -1;
            }
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return scores[best] == Double.POSITIVE_INFINITY ? -1 : best;
    }

    private int draw(int best, SplittableRandom random) {
        double highest = scores[best];
        double least =
                settings.topK() == 0 || settings.topK() >= scores.length ? Double.NEGATIVE_INFINITY : kthLargest();
        int count = 0;
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] >= least) {
                scores[i] = Math.exp((scores[i] - highest) / settings.temperature());
                sum += scores[i];
                candidates[count++] = i;
            }
        }
        if (settings.topP() < 1) {
            count = nucleus(count, sum);
            sum = 0;
            for (int i = 0; i < count; i++) {
                sum += scores[candidates[i]];
            }
        }
        double left = random.nextDouble() * sum;
        for (int i = 0; i < count; i++) {
            left -= scores[candidates[i]];
            if (left < 0) {
                return candidates[i];
            }
        }
        return best;
    }

    private double kthLargest() {
        PriorityQueue<Double> largest = new PriorityQueue<>(settings.topK() + 1);
        double least = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            if (largest.size() < settings.topK() || score > least) {
                largest.add(score);
                if (largest.size() > settings.topK()) {
                    largest.poll();
                }
                least = largest.element();
            }
        }
        return least;
    }

    /**
     * Leaves out the least likely candidates, as long as all left out together have at most {@code 1 − topP}.
     *
     * @return how many are left; they stay in order
     */
    private int nucleus(int count, double sum) {
        double spare = (1 - settings.topP()) * sum;
        double alwaysOut = spare / count; // all of these together are no more than that
        double[] ascending = new double[count];
        int kept = 0;
        for (int i = 0; i < count; i++) {
            double weight = scores[candidates[i]];
            if (weight > alwaysOut) {
                ascending[kept++] = weight;
            } else {
                spare -= weight;
            }
        }
        ascending = Arrays.copyOf(ascending, kept);
        Arrays.sort(ascending);
        int out = 0;
        while (out < kept - 1 && ascending[out] <= spare) {
            spare -= ascending[out++];
        }
        return keep(count, ascending[out], out, ascending);
    }

    /** Keeps candidates at least as likely as {@code least}; of those just as likely, no more than were counted. */
    private int keep(int count, double least, int out, double[] ascending) {
        int equalsOut = 0;
        while (equalsOut < out && ascending[out - 1 - equalsOut] == least) {
            equalsOut++;
        }
        int left = 0;
        for (int i = 0; i < count; i++) {
            double weight = scores[candidates[i]];
            if (weight > least || weight == least && equalsOut-- <= 0) {
                candidates[left++] = candidates[i];
            }
        }
        return left;
    }
}
