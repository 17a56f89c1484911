package ai.rpo.core.text;

import ai.rpo.core.preference.PreferenceRecord.TokenExample;
import ai.rpo.core.preference.PreferenceRecord.TokenPair;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;

/**
 * Checks rows that were tokenised elsewhere. They are used as they stand or not at all, whatever the truncation policy.
 *
 * @param tokens the most that a prompt may have with either completion
 * @param promptTokens the most that a prompt may have
 */
public record GivenTokens(int tokens, int promptTokens) {

    /**
     * @throws UnfitRowException where the pair cannot be trained on
     */
    public void check(TokenPair pair) throws UnfitRowException {
        checkPrompt(pair.prompt());
        checkCompletion("chosen_ids", pair.chosen());
        checkCompletion("rejected_ids", pair.rejected());
        if (Arrays.equals(pair.chosen(), pair.rejected())) {
            throw new UnfitRowException(Reason.CHOSEN_EQUALS_REJECTED);
        }
        dropIfTooLong(pair.prompt(), pair.chosen(), pair.rejected());
    }

    /**
     * @throws UnfitRowException where the example cannot be trained on
     */
    public void check(TokenExample example) throws UnfitRowException {
        checkPrompt(example.prompt());
        checkCompletion("completion_ids", example.completion());
        dropIfTooLong(example.prompt(), example.completion());
    }

    private void dropIfTooLong(int[] prompt, int[]... completions) throws UnfitRowException {
        new LengthLimit(tokens, promptTokens, Truncation.DROP).fit(prompt, 0, completions);
    }

    private static void checkPrompt(int[] ids) throws UnfitRowException {
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT, "prompt_ids is empty");
        }
    }

    private static void checkCompletion(String field, int[] ids) throws UnfitRowException {
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field + " is empty");
        }
    }
}
