package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Message;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.TemplateArguments;
import ai.rpo.core.preference.UnfitRowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns contexts, and continuations to be scored after them, into ids in the way of lm-evaluation-harness
 * ({@code _encode_pair} in lm_eval/api/model.py): context and continuation are tokenised as one text and cut where the
 * context's own tokens end. Serves one thread.
 */
public final class ContextTokenizer {

    private final Tokenizer tokenizer;

    public ContextTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    @FunctionalInterface
    private interface Encoding {
        int[] ids(String text) throws UnfitRowException;
    }

    /** A context as plain text, with what the tokenizer puts before every text. */
    public Context of(String text) {
        return new Context(text, this::plain);
    }

    /**
     * A context as the chat template writes a conversation, up to where the assistant begins to speak.
     *
     * @throws UnfitRowException where the template refuses the conversation
     * @throws RpoException where the model has no chat template
     */
    public Context of(List<Message> messages) throws UnfitRowException {
        ChatTemplate template = tokenizer
                .chatTemplate()
                .orElseThrow(() -> RpoException.configuration("Cannot ask questions as conversations: the model has no"
                        + " chat template. Put chat_template.jinja beside its tokenizer.json, or set"
                        + " rpo.benchmark.chat-template = false."));
        ConversationText conversation = new ConversationText(tokenizer, template, TemplateArguments.NONE);
        return new Context(conversation.render(messages, true), text -> nonEmpty(conversation.encode("context", text)));
    }

    private int[] plain(String text) throws UnfitRowException {
        int[] ids = tokenizer.encode(text);
        if (tokenizer.readsSpecialToken(ids)) {
            throw new UnfitRowException(Reason.SPELLS_SPECIAL_TOKEN, "context");
        }
        return nonEmpty(TokenIds.concatenate(tokenizer.prefix(), ids));
    }

    private static int[] nonEmpty(int[] ids) throws UnfitRowException {
        if (ids.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT);
        }
        return ids;
    }

    /** Holds what a model is given. */
    public static final class Context {

        private final String text;
        private final Encoding encoding;

        private Context(String text, Encoding encoding) {
            this.text = text;
            this.encoding = encoding;
        }

        public String text() {
            return text;
        }

        /**
         * Ids to go on from.
         *
         * @throws UnfitRowException where the context has no tokens, or spells a special token that cannot be kept as
         *     text
         */
        public int[] ids() throws UnfitRowException {
            return encoding.ids(text);
        }

        /**
         * Ids of continuations. White space at the end of the context belongs to them.
         *
         * @throws UnfitRowException where context or continuation has no tokens, or spells a special token that cannot
         *     be kept as text
         */
        public Continued with(List<String> continuations) throws UnfitRowException {
            int end = text.length();
            while (end > 0 && Character.isWhitespace(text.charAt(end - 1))) {
                end--;
            }
            int[] context = encoding.ids(text.substring(0, end));
            List<int[]> ids = new ArrayList<>();
            for (String continuation : continuations) {
                int[] whole = encoding.ids(text + continuation);
                if (whole.length <= context.length) {
                    throw new UnfitRowException(Reason.EMPTY_COMPLETION, "\"" + continuation + "\" has no tokens");
                }
                ids.add(Arrays.copyOfRange(whole, context.length, whole.length));
            }
            return new Continued(context, ids);
        }
    }

    /**
     * A context and its continuations as ids.
     *
     * @param continuations none of them empty
     */
    public record Continued(int[] context, List<int[]> continuations) {}
}
