package ai.rpo.core.text;

import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer.Cut;
import java.util.Arrays;

/**
 * Says how long a prompt may be, alone and with any one of its completions, and what becomes of longer ones.
 *
 * @param tokens the most that prompt and completion may have together
 * @param promptTokens the most that the prompt may have
 */
public record LengthLimit(int tokens, int promptTokens, Truncation truncation) {

    public LengthLimit {
        if (tokens < 2) {
            throw new IllegalArgumentException("max-length must be at least 2, but is " + tokens);
        }
        if (promptTokens < 2) {
            throw new IllegalArgumentException("max-prompt-length must be at least 2, but is " + promptTokens);
        }
    }

    /** Prompts have no limit of their own. */
    public LengthLimit(int tokens, Truncation truncation) {
        this(tokens, tokens, truncation);
    }

    record Fit(int[] prompt, int[][] completions, Cut cut) {}

    /**
     * @param prefix tokens at the prompt's beginning that no cut takes away
     * @param completions each ends in its EOS and is not empty
     */
    Fit fit(int[] prompt, int prefix, int[]... completions) throws UnfitRowException {
        int longest =
                Arrays.stream(completions).mapToInt(ids -> ids.length).max().orElseThrow();
        if (prompt.length <= promptTokens && prompt.length + longest <= tokens) {
            return new Fit(prompt, completions, Cut.NOTHING);
        }
        return switch (truncation) {
            case DROP -> throw tooLong(prompt, longest);
            case KEEP_END_OF_PROMPT -> {
                int room = Math.min(promptTokens, tokens - longest) - prefix;
                if (room < 1) {
                    throw new UnfitRowException(
                            Reason.TOO_LONG, "a completion of " + longest + " tokens, the limit is " + tokens);
                }
                int[] end = Arrays.copyOfRange(prompt, prompt.length - room, prompt.length);
                yield new Fit(TokenIds.concatenate(Arrays.copyOf(prompt, prefix), end), completions, Cut.PROMPT);
            }
            case CUT_COMPLETIONS -> {
                int room = tokens - prompt.length;
                if (room < 1 || prompt.length > promptTokens) {
                    throw promptTooLong(prompt);
                }
                int[][] cut = Arrays.stream(completions)
                        .map(ids -> ids.length <= room ? ids : Arrays.copyOf(ids, room))
                        .toArray(int[][]::new);
                yield new Fit(prompt, cut, Cut.COMPLETION);
            }
        };
    }

    private UnfitRowException tooLong(int[] prompt, int longest) {
        return prompt.length >= tokens || prompt.length > promptTokens
                ? promptTooLong(prompt)
                : new UnfitRowException(Reason.TOO_LONG, (prompt.length + longest) + " tokens, the limit is " + tokens);
    }

    private UnfitRowException promptTooLong(int[] prompt) {
        return new UnfitRowException(
                Reason.PROMPT_TOO_LONG,
                "a prompt of " + prompt.length + " tokens, the limit is " + Math.min(tokens, promptTokens));
    }
}
