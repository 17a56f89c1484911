package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;

/**
 * Turns text into the ids that a model is trained on. The prompt's ids are those that the tokenizer gives it as the
 * beginning of a sequence; a completion's are those of prompt and completion together, less the prompt's, and one EOS.
 */
public final class PairTokenizer {

    /** A pair's ids. */
    public record Pair(int[] prompt, int[] chosen, int[] rejected, Notes notes) {}

    /** An example's ids. */
    public record Example(int[] prompt, int[] completion, Notes notes) {}

    /**
     * What is worth knowing of a row that was kept.
     *
     * @param straddles completions that were tokenised alone, since a token straddled their border with the prompt
     * @param cut what truncation took away
     * @param spelledSpecialToken whether the text spells a special token; it was read as text
     */
    public record Notes(int straddles, Cut cut, boolean spelledSpecialToken) {}

    /** What truncation took away. */
    public enum Cut {
        NOTHING,
        PROMPT,
        COMPLETION
    }

    private final Tokenizer tokenizer;
    private final int eosId;
    private final StraddlePolicy straddlePolicy;
    private final LengthLimit limit;

    /**
     * @throws RpoException where the tokenizer names no end-of-sequence token
     */
    public PairTokenizer(Tokenizer tokenizer, StraddlePolicy straddlePolicy, LengthLimit limit) {
        this.tokenizer = tokenizer;
        this.straddlePolicy = straddlePolicy;
        this.limit = limit;
        this.eosId = tokenizer
                .eosId()
                .orElseThrow(() -> RpoException.configuration(
                        "Cannot end completions: the tokenizer names no end-of-sequence token."
                                + " Set eos_token in the model's tokenizer_config.json."));
    }

    /**
     * @throws UnfitRowException where the pair cannot be trained on
     */
    public Pair tokenize(TextPair pair) throws UnfitRowException {
        int[] prompt = prompt(pair.prompt());
        Completion chosen = completion("chosen", pair.prompt(), prompt, pair.chosen());
        Completion rejected = completion("rejected", pair.prompt(), prompt, pair.rejected());
        if (Arrays.equals(chosen.ids, rejected.ids)) {
            throw new UnfitRowException(Reason.CHOSEN_EQUALS_REJECTED);
        }
        LengthLimit.Fit fit = limit.fit(prompt, tokenizer.prefix().length, chosen.ids, rejected.ids);
        int[] cutChosen = fit.completions()[0];
        int[] cutRejected = fit.completions()[1];
        if (Arrays.equals(cutChosen, cutRejected)) {
            throw new UnfitRowException(Reason.EQUAL_AFTER_TRUNCATION);
        }
        boolean spelled =
                spellsSpecialToken(pair.prompt(), pair.chosen()) || spellsSpecialToken(pair.prompt(), pair.rejected());
        Notes notes = new Notes(chosen.straddles + rejected.straddles, fit.cut(), spelled);
        return new Pair(fit.prompt(), cutChosen, cutRejected, notes);
    }

    /**
     * @throws UnfitRowException where the example cannot be trained on
     */
    public Example tokenize(TextExample example) throws UnfitRowException {
        int[] prompt = prompt(example.prompt());
        Completion completion = completion("completion", example.prompt(), prompt, example.completion());
        LengthLimit.Fit fit = limit.fit(prompt, tokenizer.prefix().length, completion.ids);
        boolean spelled = spellsSpecialToken(example.prompt(), example.completion());
        return new Example(fit.prompt(), fit.completions()[0], new Notes(completion.straddles, fit.cut(), spelled));
    }

    private int[] prompt(String text) throws UnfitRowException {
        int[] ids = textOnly("prompt", text, tokenizer.encode(text));
        int[] prompt = Tokenizer.concatenate(tokenizer.prefix(), ids);
        if (prompt.length == 0) {
            throw new UnfitRowException(
                    Reason.EMPTY_PROMPT, "the tokenizer adds no BOS, so the first token has nothing to follow");
        }
        return prompt;
    }

    private record Completion(int[] ids, int straddles) {}

    private Completion completion(String field, String promptText, int[] prompt, String text) throws UnfitRowException {
        int[] whole = tokenizer.encodePrompt(promptText + text);
        boolean straddles = !startsWith(whole, prompt);
        if (straddles && straddlePolicy != StraddlePolicy.SEPARATE) {
            throw new UnfitRowException(Reason.STRADDLING_TOKEN, field);
        }
        int[] ids = straddles ? tokenizer.encode(text) : Arrays.copyOfRange(whole, prompt.length, whole.length);
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field);
        }
        textOnly(field, text, ids);
        return new Completion(Tokenizer.concatenate(ids, new int[] {eosId}), straddles ? 1 : 0);
    }

    private int[] textOnly(String field, String text, int[] ids) throws UnfitRowException {
        if (tokenizer.readsSpecialToken(ids)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, field);
        }
        return ids;
    }

    private boolean spellsSpecialToken(String prompt, String completion) {
        return tokenizer.spellsSpecialToken(prompt + completion);
    }

    private static boolean startsWith(int[] whole, int[] start) {
        return whole.length >= start.length && Arrays.equals(whole, 0, start.length, start, 0, start.length);
    }
}
