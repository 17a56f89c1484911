package ai.rpo.core.judge;

import ai.rpo.core.judge.Answer.TokenLogprob;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Says how probable each of two labels is as the first token of an answer.
 *
 * @param first of the label of what was shown first
 * @param second of the other
 */
record LabelMass(double first, double second) {

    /**
     * Adds up every token that spells a label, but for blanks around it.
     *
     * @param labels that of the answer shown first, then the other
     */
    static LabelMass of(List<TokenLogprob> top, List<String> labels) {
        return new LabelMass(mass(top, labels.get(0)), mass(top, labels.get(1)));
    }

    private static double mass(List<TokenLogprob> top, String label) {
        return top.stream()
                .filter(token -> token.token().strip().equals(label))
                .mapToDouble(token -> Math.exp(token.logprob()))
                .sum();
    }

    /** Gives the first label's share of both; empty where neither has any. */
    OptionalDouble shareOfFirst() {
        double both = first + second;
        return both > 0 ? OptionalDouble.of(first / both) : OptionalDouble.empty();
    }

    /** Gives what neither label has. */
    double missing() {
        return Math.max(0, 1 - first - second);
    }
}
