package ai.rpo.core.benchmark;

import java.io.Serializable;
import java.util.List;

/** Says how the answer to a question is graded. */
public sealed interface Solution extends Serializable {

    /**
     * Continuations are compared by their log-likelihoods.
     *
     * @param texts each without the delimiter before it; equal ones where the contexts differ instead
     * @param right which of them are true
     * @param grading how the right ones are counted
     */
    record Choices(List<String> texts, List<Boolean> right, Grading grading) implements Solution {

        public Choices {
            texts = List.copyOf(texts);
            right = List.copyOf(right);
        }
    }

    /** Names what is counted of {@link Choices}. */
    enum Grading {
        /** {@code acc}: whether the likeliest is right. */
        LIKELIEST,
        /** {@code acc} and {@code acc_norm}: also whether the likeliest for its length in characters is right. */
        LIKELIEST_AND_NORMALISED,
        /** {@code acc}: the share of the right ones in the probability of all. */
        PROBABILITY_OF_RIGHT
    }

    /**
     * The last number of an answer that was written step by step.
     *
     * @param answer as the data have it, ending in {@code #### NUMBER}
     */
    record FinalNumber(String answer) implements Solution {}

    /**
     * A program that must end without an error.
     *
     * @param before what stands before the response
     * @param tests what follows it
     */
    record Program(String before, String tests) implements Solution {

        /** The whole program in Python. */
        public String with(String response) {
            return before + response + "\n" + tests;
        }
    }
}
