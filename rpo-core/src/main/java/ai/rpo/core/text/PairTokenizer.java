package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Turns text and conversations into the ids that a model is trained on. The prompt's ids are those that the model is
 * given to go on from: of text, the tokenizer's for the beginning of a sequence; of a conversation, those of the chat
 * template with the generation prompt. A completion's are those of prompt and completion together, less the prompt's,
 * up to one EOS.
 */
public final class PairTokenizer {

    /** A pair's ids. */
    public record Pair(int[] prompt, int[] chosen, int[] rejected, Notes notes) {}

    /**
     * One completion's ids, before it is known with which other it makes a pair; the limit is not applied yet.
     *
     * @param straddles 1 where the completion was tokenised alone, else 0
     */
    public record Half(int[] prompt, int[] completion, int straddles, Set<Remark> remarks) {}

    /** An example's ids. */
    public record Example(int[] prompt, int[] completion, Notes notes) {}

    /**
     * Says what is worth knowing of a row that was kept.
     *
     * @param straddles completions that were tokenised alone, since a token straddled their border with the prompt
     * @param cut what truncation took away
     */
    public record Notes(int straddles, Cut cut, Set<Remark> remarks) {}

    /** Says what truncation took away. */
    public enum Cut {
        NOTHING,
        PROMPT,
        COMPLETION
    }

    private final Tokenizer tokenizer;
    private final PromptTokenizer prompts;
    private final int eosId;
    private final Straddling straddling;
    private final SpellingPolicy spelling;
    private final LengthLimit limit;

    /**
     * @throws RpoException where the tokenizer names no end-of-sequence token
     */
    public PairTokenizer(Tokenizer tokenizer, StraddlePolicy straddlePolicy, LengthLimit limit) {
        this(tokenizer, straddlePolicy, SpellingPolicy.AS_TEXT, limit);
    }

    /**
     * @param spelling how rows of text are read that spell special tokens
     * @throws RpoException where the tokenizer names no end-of-sequence token
     */
    public PairTokenizer(
            Tokenizer tokenizer, StraddlePolicy straddlePolicy, SpellingPolicy spelling, LengthLimit limit) {
        this.tokenizer = tokenizer;
        this.prompts = new PromptTokenizer(tokenizer, spelling);
        this.straddling = new Straddling(tokenizer, straddlePolicy);
        this.spelling = spelling;
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
        int[] prompt = prompts.tokenize(new TextPrompt(pair.prompt()));
        Completion chosen = completion("chosen", pair.prompt(), prompt, pair.chosen());
        Completion rejected = completion("rejected", pair.prompt(), prompt, pair.rejected());
        return pair(prompt, chosen, rejected, remarks(pair.prompt(), pair.chosen(), pair.rejected()));
    }

    /**
     * @throws UnfitRowException where the pair cannot be trained on
     * @throws RpoException where the model has no chat template
     */
    public Pair tokenize(ConversationPair pair) throws UnfitRowException {
        Conversation conversation = conversation(new ConversationPrompt(pair.prompt(), pair.arguments()));
        conversation.add("chosen", pair.chosen());
        conversation.add("rejected", pair.rejected());
        Completion chosen = conversation.completion(0);
        Completion rejected = conversation.completion(1);
        return pair(conversation.prompt(), chosen, rejected, conversation.remarks());
    }

    /**
     * @throws UnfitRowException where the example cannot be trained on
     */
    public Example tokenize(TextExample example) throws UnfitRowException {
        int[] prompt = prompts.tokenize(new TextPrompt(example.prompt()));
        Completion completion = completion("completion", example.prompt(), prompt, example.completion());
        return example(prompt, completion, remarks(example.prompt(), example.completion()));
    }

    /**
     * @throws UnfitRowException where the example cannot be trained on
     * @throws RpoException where the model has no chat template
     */
    public Example tokenize(ConversationExample example) throws UnfitRowException {
        Conversation conversation = answered(example);
        Completion completion = conversation.completion(0);
        return example(conversation.prompt(), completion, conversation.remarks());
    }

    /**
     * @throws UnfitRowException where no pair with this completion can be trained on
     */
    public Half tokenizeHalf(TextExample example) throws UnfitRowException {
        int[] prompt = prompts.tokenize(new TextPrompt(example.prompt()));
        Completion completion = completion("completion", example.prompt(), prompt, example.completion());
        return new Half(prompt, completion.ids, completion.straddles, remarks(example.prompt(), example.completion()));
    }

    /**
     * @throws UnfitRowException where no pair with this completion can be trained on
     * @throws RpoException where the model has no chat template
     */
    public Half tokenizeHalf(ConversationExample example) throws UnfitRowException {
        Conversation conversation = answered(example);
        Completion completion = conversation.completion(0);
        return new Half(conversation.prompt(), completion.ids, completion.straddles, conversation.remarks());
    }

    /**
     * Two completions of the same prompt.
     *
     * @throws UnfitRowException where the pair cannot be trained on
     */
    public Pair join(Half chosen, Half rejected) throws UnfitRowException {
        Set<Remark> remarks = EnumSet.noneOf(Remark.class);
        remarks.addAll(chosen.remarks);
        remarks.addAll(rejected.remarks);
        return pair(
                chosen.prompt,
                new Completion(chosen.completion, chosen.straddles),
                new Completion(rejected.completion, rejected.straddles),
                remarks);
    }

    /**
     * A completion's ids with their end.
     *
     * @param straddles 1 where it was tokenised alone, else 0
     */
    record Completion(int[] ids, int straddles) {}

    private Pair pair(int[] prompt, Completion chosen, Completion rejected, Set<Remark> remarks)
            throws UnfitRowException {
        if (Arrays.equals(chosen.ids, rejected.ids)) {
            throw new UnfitRowException(Reason.CHOSEN_EQUALS_REJECTED);
        }
        LengthLimit.Fit fit = limit.fit(prompt, prefixOf(prompt), chosen.ids, rejected.ids);
        int[] cutChosen = fit.completions()[0];
        int[] cutRejected = fit.completions()[1];
        if (Arrays.equals(cutChosen, cutRejected)) {
            throw new UnfitRowException(Reason.EQUAL_AFTER_TRUNCATION);
        }
        Notes notes = new Notes(chosen.straddles + rejected.straddles, fit.cut(), remarks);
        return new Pair(fit.prompt(), cutChosen, cutRejected, notes);
    }

    private Example example(int[] prompt, Completion completion, Set<Remark> remarks) throws UnfitRowException {
        LengthLimit.Fit fit = limit.fit(prompt, prefixOf(prompt), completion.ids);
        return new Example(fit.prompt(), fit.completions()[0], new Notes(completion.straddles, fit.cut(), remarks));
    }

    /** Tokens at the prompt's beginning that truncation leaves there. */
    private int prefixOf(int[] prompt) {
        int[] prefix = tokenizer.prefix();
        return TokenIds.startsWith(prompt, prefix) ? prefix.length : 0;
    }

    private Conversation answered(ConversationExample example) throws UnfitRowException {
        Conversation conversation = conversation(new ConversationPrompt(example.prompt(), example.arguments()));
        conversation.add("completion", example.completion());
        return conversation;
    }

    private Conversation conversation(ConversationPrompt prompt) throws UnfitRowException {
        ChatTemplate template = tokenizer
                .chatTemplate()
                .orElseThrow(() -> RpoException.configuration("Cannot tokenise conversations: the model has no chat"
                        + " template. Put chat_template.jinja beside its tokenizer.json, or give plain text."));
        return new Conversation(tokenizer, template, prompt, straddling, eosId);
    }

    private Completion completion(String field, String promptText, int[] prompt, String text) throws UnfitRowException {
        int[] whole = prompts.encode(promptText + text);
        boolean straddles = !TokenIds.startsWith(whole, prompt);
        int[] ids = straddles
                ? straddling.completion(field, promptText, text, prompt, whole, spelling.encoding(tokenizer))
                : Arrays.copyOfRange(whole, prompt.length, whole.length);
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field);
        }
        if (spelling == SpellingPolicy.AS_TOKENS) {
            return new Completion(TokenIds.upToEnd(ids, tokenizer.eosIds(), 0, eosId), straddles ? 1 : 0);
        }
        return new Completion(TokenIds.concatenate(textOnly(field, ids), new int[] {eosId}), straddles ? 1 : 0);
    }

    private int[] textOnly(String field, int[] ids) throws UnfitRowException {
        if (tokenizer.readsSpecialToken(ids)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, field);
        }
        return ids;
    }

    private Set<Remark> remarks(String prompt, String... completions) {
        Set<Remark> remarks = EnumSet.noneOf(Remark.class);
        if (spelling == SpellingPolicy.AS_TEXT
                && Arrays.stream(completions).anyMatch(text -> tokenizer.spellsSpecialToken(prompt + text))) {
            remarks.add(Remark.SPELLS_SPECIAL_TOKEN);
        }
        if (!prompt.isBlank()
                && Arrays.stream(completions).anyMatch(text -> text.strip().startsWith(prompt.strip()))) {
            remarks.add(Remark.REPEATS_PROMPT);
        }
        return remarks;
    }
}
