package ai.rpo.core.text;

import ai.rpo.core.preference.Message;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer.Completion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The prompt of a row, rendered and tokenised, to which completions are added. */
final class Conversation {

    private final ConversationText text;
    private final List<Message> messages;
    private final StraddlePolicy straddlePolicy;
    private final int eosId;
    private final Set<Integer> eosIds;
    private final String promptText;
    private final int[] prompt;

    Conversation(
            Tokenizer tokenizer,
            ChatTemplate template,
            List<Message> messages,
            StraddlePolicy straddlePolicy,
            int eosId)
            throws UnfitRowException {
        this.text = new ConversationText(tokenizer, template);
        this.messages = messages;
        this.straddlePolicy = straddlePolicy;
        this.eosId = eosId;
        this.eosIds = tokenizer.eosIds();
        this.promptText = text.render(messages, true);
        this.prompt = text.encode("prompt", promptText);
        if (prompt.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT);
        }
    }

    int[] prompt() {
        return prompt;
    }

    boolean spelledSpecialToken() {
        return text.hidSpelling();
    }

    Completion completion(String field, List<Message> answer) throws UnfitRowException {
        if (answer.stream().allMatch(Message::isEmpty)) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field);
        }
        String whole = text.render(joined(answer), false);
        if (!whole.startsWith(promptText)) {
            throw new UnfitRowException(Reason.PROMPT_REWRITTEN_BY_TEMPLATE, field);
        }
        int[] ids = text.encode(field, whole, promptText, prompt);
        boolean straddles = !TokenIds.startsWith(ids, prompt);
        if (straddles && straddlePolicy != StraddlePolicy.SEPARATE) {
            throw new UnfitRowException(Reason.STRADDLING_TOKEN, field);
        }
        int[] completion = straddles
                ? text.encode(field, whole.substring(promptText.length()))
                : Arrays.copyOfRange(ids, prompt.length, ids.length);
        int endsWithin = answer.size() == 1 ? 0 : endsBeforeLast(field, answer);
        return new Completion(upToEnd(completion, endsWithin), straddles ? 1 : 0);
    }

    private List<Message> joined(List<Message> answer) {
        List<Message> joined = new ArrayList<>(messages);
        joined.addAll(answer);
        return joined;
    }

    /** EOS tokens that the template writes inside an answer of several turns, before its last. */
    private int endsBeforeLast(String field, List<Message> answer) throws UnfitRowException {
        String before = text.render(joined(answer.subList(0, answer.size() - 1)), true);
        return ends(text.encode(field, before)) - ends(prompt);
    }

    private int ends(int[] ids) {
        return (int) Arrays.stream(ids).filter(eosIds::contains).count();
    }

    /** Up to the first EOS after the content, or all of it and an EOS where the template writes none. */
    private int[] upToEnd(int[] ids, int endsWithin) {
        int seen = 0;
        for (int i = 0; i < ids.length; i++) {
            if (eosIds.contains(ids[i]) && seen++ == endsWithin) {
                return Arrays.copyOf(ids, i + 1);
            }
        }
        return TokenIds.concatenate(ids, new int[] {eosId});
    }
}
