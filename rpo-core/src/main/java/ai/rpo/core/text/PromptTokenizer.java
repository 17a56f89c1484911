package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;

/** Turns prompts into the ids that a model goes on from: the same that {@link PairTokenizer} trains it to go on from. */
public final class PromptTokenizer {

    private final Tokenizer tokenizer;
    private final SpellingPolicy spelling;

    /** @param spelling how prompts of text are read that spell special tokens */
    public PromptTokenizer(Tokenizer tokenizer, SpellingPolicy spelling) {
        this.tokenizer = tokenizer;
        this.spelling = spelling;
    }

    /**
     * @throws UnfitRowException where the prompt has no tokens, or spells a special token that cannot be kept as text
     */
    public int[] tokenize(TextPrompt prompt) throws UnfitRowException {
        int[] ids = encode(prompt.text());
        int[] text = Arrays.copyOfRange(ids, tokenizer.prefix().length, ids.length);
        if (spelling == SpellingPolicy.AS_TEXT && tokenizer.readsSpecialToken(text)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, "prompt");
        }
        if (ids.length == 0) {
            throw new UnfitRowException(
                    Reason.EMPTY_PROMPT, "the tokenizer adds no BOS, so the first token has nothing to follow");
        }
        return ids;
    }

    /** Ids of a text at the beginning of a sequence, behind what the tokenizer puts there, unless the text has that itself. */
    int[] encode(String text) throws UnfitRowException {
        int[] ids = spelling.encoding(tokenizer).of(text);
        boolean begun = spelling == SpellingPolicy.AS_TOKENS && TokenIds.startsWith(ids, tokenizer.prefix());
        return begun ? ids : TokenIds.concatenate(tokenizer.prefix(), ids);
    }

    /**
     * @throws UnfitRowException where the chat template refuses the conversation
     * @throws RpoException where the model has no chat template
     */
    public int[] tokenize(ConversationPrompt prompt) throws UnfitRowException {
        ConversationText text = new ConversationText(tokenizer, template(), prompt.arguments());
        int[] ids = text.encode("prompt", text.render(prompt.messages(), true));
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT);
        }
        return ids;
    }

    private ChatTemplate template() {
        return tokenizer
                .chatTemplate()
                .orElseThrow(() -> RpoException.configuration("Cannot tokenise conversations: the model has no chat"
                        + " template. Put chat_template.jinja beside its tokenizer.json, or give plain text."));
    }
}
