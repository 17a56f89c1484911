package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Holds what every candidate was asked.
 *
 * @param ordinal its place among the prompts, from 0
 * @param id by which judgments name it
 * @param turns what the user says, turn by turn
 * @param category such as {@code math}; empty where there is none
 * @param references right answers, one a turn; empty where there are none
 */
public record EvaluationPrompt(int ordinal, String id, List<String> turns, String category, List<String> references)
        implements Serializable {

    public EvaluationPrompt {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(category, "category");
        turns = List.copyOf(turns);
        references = List.copyOf(references);
        if (turns.isEmpty()) {
            throw new IllegalArgumentException("a prompt without a turn");
        }
    }
}
