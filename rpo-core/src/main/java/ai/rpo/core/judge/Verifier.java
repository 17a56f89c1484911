package ai.rpo.core.judge;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Grades answers by program. Those of a jar are found through {@link java.util.ServiceLoader}: the jar names the class,
 * which has a constructor without parameters, in {@code META-INF/services/ai.rpo.core.judge.Verifier}.
 *
 * <p>One verifier serves several threads.
 */
public interface Verifier {

    /** Gives what {@code rpo.judge.program.verifier} calls it. */
    String name();

    /**
     * Grades one submission; the same one always alike.
     *
     * @throws ai.rpo.core.RpoException where what the grade needs is missing, such as the right answer, which ends the
     *     job
     */
    Grade verify(Submission submission);

    /**
     * Is what a candidate said, turn by turn.
     *
     * @param turns of the user
     * @param answers of the candidate, as many
     * @param reference the right answer to the last turn, where there is one
     */
    record Submission(List<String> turns, List<String> answers, Optional<String> reference) {

        public Submission {
            turns = List.copyOf(turns);
            answers = List.copyOf(answers);
            if (answers.isEmpty() || answers.size() != turns.size()) {
                throw new IllegalArgumentException(answers.size() + " answers to " + turns.size() + " turns");
            }
        }

        /** The answer to the last turn. */
        public String answer() {
            return answers.get(answers.size() - 1);
        }
    }

    /**
     * Says how good an answer is.
     *
     * @param value 1 for right, 0 for wrong, or something between
     * @param note why, for people; empty for nothing
     */
    record Grade(double value, String note) {

        public Grade {
            Objects.requireNonNull(note, "note");
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException("a grade of " + value + ", which lies not between 0 and 1");
            }
        }

        public static Grade of(boolean right, String note) {
            return new Grade(right ? 1 : 0, note);
        }
    }
}
