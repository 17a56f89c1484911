package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;

/** Turns prompts into the ids that a model goes on from: the same that {@link PairTokenizer} trains it to go on from. */
public final class PromptTokenizer {

    private final Tokenizer tokenizer;

    public PromptTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * @throws UnfitRowException where the prompt has no tokens, or spells a special token that cannot be kept as text
     */
    public int[] tokenize(TextPrompt prompt) throws UnfitRowException {
        int[] text = tokenizer.encode(prompt.text());
        if (tokenizer.readsSpecialToken(text)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, "prompt");
        }
        int[] ids = TokenIds.concatenate(tokenizer.prefix(), text);
        if (ids.length == 0) {
            throw new UnfitRowException(
                    Reason.EMPTY_PROMPT, "the tokenizer adds no BOS, so the first token has nothing to follow");
        }
        return ids;
    }

    /**
     * @throws UnfitRowException where the chat template refuses the conversation
     * @throws RpoException where the model has no chat template
     */
    public int[] tokenize(ConversationPrompt prompt) throws UnfitRowException {
        ConversationText text = new ConversationText(tokenizer, template());
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
