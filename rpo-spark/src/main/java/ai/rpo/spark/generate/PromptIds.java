package ai.rpo.spark.generate;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PromptRecord;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.PromptRecord.TokenPrompt;
import ai.rpo.core.preference.PromptRecord.TurnsPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PromptTokenizer;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.spark.device.LocalModel;

/**
 * Turns prompts into the token ids that a model goes on from.
 *
 * @param specialTokens how prompts of text are read that spell special tokens
 */
public record PromptIds(LocalModel model, GeneratingRole.Worker lent, SpellingPolicy specialTokens) {

    /**
     * Gives the ids of one prompt.
     *
     * @throws UnfitRowException where the model cannot go on from it
     * @throws RpoException where it is text and the model has no tokenizer
     */
    public int[] of(PromptRecord prompt) throws UnfitRowException {
        int[] ids = tokens(prompt);
        int context = lent.model().config().contextLength();
        int vocabulary = lent.model().config().vocabularySize();
        if (ids.length >= context) {
            throw new UnfitRowException(
                    Reason.PROMPT_TOO_LONG, ids.length + " tokens, the model's context is " + context);
        }
        for (int id : ids) {
            if (id >= vocabulary) {
                throw new UnfitRowException(
                        Reason.TOKEN_OUT_OF_RANGE, "id " + id + ", the vocabulary ends at " + (vocabulary - 1));
            }
        }
        return ids;
    }

    private int[] tokens(PromptRecord prompt) throws UnfitRowException {
        if (prompt instanceof TokenPrompt tokens) {
            if (tokens.ids().length == 0) {
                throw new UnfitRowException(Reason.EMPTY_PROMPT);
            }
            return tokens.ids();
        }
        if (prompt instanceof TurnsPrompt) {
            throw new UnfitRowException(
                    Reason.WRONG_KIND, "it has several turns of a user, and one answer is asked for");
        }
        PromptTokenizer tokenizer = new PromptTokenizer(
                lent.tokenizer()
                        .orElseThrow(
                                () -> RpoException.configuration("Cannot tokenise prompts: the model " + model.uri()
                                        + " has no tokenizer.json. Save it with its tokenizer, or give prompt_ids.")),
                specialTokens);
        return prompt instanceof TextPrompt text
                ? tokenizer.tokenize(text)
                : tokenizer.tokenize((ConversationPrompt) prompt);
    }
}
