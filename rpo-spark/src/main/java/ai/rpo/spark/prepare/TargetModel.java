package ai.rpo.spark.prepare;

import java.io.Serializable;
import java.util.Optional;

/**
 * The model that data are prepared for.
 *
 * @param folder where its tokenizer is
 * @param chatTemplate Jinja or a name, in place of the folder's usual template; null for that
 * @param contextLength the most tokens of one sequence
 * @param vocabularySize every token id lies below
 */
public record TargetModel(ModelFolder folder, String chatTemplate, int contextLength, int vocabularySize)
        implements Serializable {

    /** With the template that the folder has. */
    public TargetModel(ModelFolder folder, int contextLength, int vocabularySize) {
        this(folder, null, contextLength, vocabularySize);
    }

    Optional<String> givenChatTemplate() {
        return Optional.ofNullable(chatTemplate);
    }
}
