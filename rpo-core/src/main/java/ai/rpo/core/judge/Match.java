package ai.rpo.core.judge;

import java.util.Optional;

/**
 * Is what a judge decides at once: an answer against another, or an answer alone.
 *
 * @param turn whose answers are judged, from 1; those before it are shown
 * @param model the candidate that is measured
 * @param baseline what it is measured against; absent where it is scored alone
 */
public record Match(EvaluationPrompt prompt, int turn, Contestant model, Optional<Contestant> baseline) {

    /** A name for its questions that no other match of the same candidates has. */
    String key() {
        return prompt.id() + "/" + turn + "/" + model.name()
                + baseline.map(other -> "/" + other.name()).orElse("");
    }

    /** Tells whether both say the same. */
    boolean isIdentical() {
        return baseline.isPresent()
                && model.answers()
                        .subList(0, turn)
                        .equals(baseline.get().answers().subList(0, turn));
    }
}
