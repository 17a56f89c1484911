package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import java.io.Serializable;
import java.util.OptionalInt;

/**
 * The model that data are prepared for.
 *
 * @param text finds its tokenizer
 * @param chatTemplate how its conversations are written
 * @param contextLength the most tokens of one sequence
 * @param vocabularySize every token id lies below
 */
public record TargetModel(TextOfModel text, TemplateChoice chatTemplate, int contextLength, int vocabularySize)
        implements Serializable {

    /** Describes a model that is there. */
    public static TargetModel of(LocalModel model, TemplateChoice chatTemplate) {
        ModelConfig config = model.open().config();
        return new TargetModel(model::tokenizerFiles, chatTemplate, config.contextLength(), config.vocabularySize());
    }

    /** Uses the template that the folder has. */
    public TargetModel(TextOfModel text, int contextLength, int vocabularySize) {
        this(text, TemplateChoice.USUAL, contextLength, vocabularySize);
    }

    /**
     * Opens the tokenizer and looks at what ends completions, which every row of text will need.
     *
     * @throws RpoException where it is broken, or the model cannot know the id that would end its completions
     */
    void requireUsable() {
        OptionalInt eosId = tokenizer().eosId();
        if (eosId.isPresent() && eosId.getAsInt() >= vocabularySize) {
            throw RpoException.configuration(
                    "Cannot end completions: "
                            + text.local().folder() + " has as eos_token the id " + eosId.getAsInt()
                            + ", but config.json says vocab_size = " + vocabularySize
                            + ", so that ids end at " + (vocabularySize - 1)
                            + ". Correct eos_token in tokenizer_config.json, or resize the model's embedding to its tokenizer.");
        }
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

    /** The tokenizer, which all tasks of a JVM share. */
    Tokenizer tokenizer() {
        return ExecutorRuntime.ofThisJvm().tokenizer(text.local(), chatTemplate);
    }
}
