package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Holds what one candidate answered to one prompt.
 *
 * @param name of the candidate
 * @param answers one a turn
 */
public record Contestant(String name, List<String> answers) implements Serializable {

    public Contestant {
        Objects.requireNonNull(name, "name");
        answers = List.copyOf(answers);
    }
}
