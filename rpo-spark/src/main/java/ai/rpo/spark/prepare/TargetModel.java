package ai.rpo.spark.prepare;

import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import java.io.Serializable;

/**
 * The model that data are prepared for.
 *
 * @param folder where its tokenizer is
 * @param chatTemplate how its conversations are written
 * @param contextLength the most tokens of one sequence
 * @param vocabularySize every token id lies below
 */
public record TargetModel(ModelFolder folder, TemplateChoice chatTemplate, int contextLength, int vocabularySize)
        implements Serializable {

    /** With the template that the folder has. */
    public TargetModel(ModelFolder folder, int contextLength, int vocabularySize) {
        this(folder, TemplateChoice.USUAL, contextLength, vocabularySize);
    }

    /**
     * @throws UnfitRowException where an id lies outside the vocabulary
     */
    void checkVocabulary(PairTokenizer.Pair pair) throws UnfitRowException {
        checkVocabulary("prompt", pair.prompt());
        checkVocabulary(pair.rejected() == null ? "completion" : "chosen", pair.chosen());
        if (pair.rejected() != null) {
            checkVocabulary("rejected", pair.rejected());
        }
    }

    private void checkVocabulary(String field, int[] ids) throws UnfitRowException {
        for (int id : ids) {
            if (id >= vocabularySize) {
                throw new UnfitRowException(
                        Reason.TOKEN_OUT_OF_RANGE,
                        field + " has id " + id + ", the vocabulary ends at " + (vocabularySize - 1));
            }
        }
    }
}
