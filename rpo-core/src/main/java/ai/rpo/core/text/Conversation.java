package ai.rpo.core.text;

import ai.rpo.core.preference.Message;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer.Completion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The prompt of a row, rendered and tokenised, with completions that are added. A generation prompt that no answer begins with,
 * such as one that opens {@code <think>}, is cut to what all of them keep, as TRL cuts it.
 */
final class Conversation {

    private final ConversationText text;
    private final List<Message> messages;
    private final Straddling straddling;
    private final int eosId;
    private final Set<Integer> eosIds;
    private final String promptText;
    private final int[] prompt;
    private final Set<Remark> remarks = EnumSet.noneOf(Remark.class);
    private final List<Answer> answers = new ArrayList<>();
    private int kept;

    /** A completion, rendered and tokenised behind its prompt. */
    private record Answer(String field, List<Message> messages, String whole, int[] ids) {}

    Conversation(
            Tokenizer tokenizer, ChatTemplate template, ConversationPrompt prompt, Straddling straddling, int eosId)
            throws UnfitRowException {
        this.text = new ConversationText(tokenizer, template, prompt.arguments());
        this.messages = prompt.messages();
        this.straddling = straddling;
        this.eosId = eosId;
        this.eosIds = tokenizer.eosIds();
        this.promptText = text.render(messages, true);
        this.prompt = text.encode("prompt", promptText);
        if (this.prompt.length == 0) {
            throw new UnfitRowException(Reason.EMPTY_PROMPT);
        }
        this.kept = this.prompt.length;
    }

    /** Renders a completion; the prompt's end is known once all have been. */
    void add(String field, List<Message> answer) throws UnfitRowException {
        if (answer.stream().allMatch(Message::isEmpty)) {
            throw new UnfitRowException(Reason.EMPTY_COMPLETION, field);
        }
        remark(field, answer);
        String whole = text.render(joined(answer), false);
        if (whole.startsWith(promptText)) {
            answers.add(new Answer(field, answer, whole, text.encode(field, whole, promptText, prompt)));
            return;
        }
        requireSameTurns(field, answer, whole);
        Answer rendered = new Answer(field, answer, whole, text.encode(field, whole));
        answers.add(rendered);
        kept = Math.min(kept, TokenIds.commonStart(prompt, rendered.ids));
        if (kept == 0) {
            throw new UnfitRowException(Reason.PROMPT_REWRITTEN_BY_TEMPLATE, field);
        }
        remarks.add(Remark.GENERATION_PROMPT_CUT);
    }

    private void remark(String field, List<Message> answer) throws UnfitRowException {
        Object first = answer.get(0).fields().get("role");
        if (answer.get(0).equals(messages.get(0))) {
            throw new UnfitRowException(
                    Reason.ANSWER_BY_ANOTHER, field + " repeats the prompt's turns; leave these out, or the prompt");
        }
        if ("user".equals(first) || "system".equals(first)) {
            throw new UnfitRowException(
                    Reason.ANSWER_BY_ANOTHER,
                    field + " begins with the role " + first + "; let it begin with assistant");
        }
        if (!"assistant".equals(answer.get(answer.size() - 1).fields().get("role")) && answer.size() > 1) {
            remarks.add(Remark.ENDS_WITH_USER);
        }
        Object said = messages.get(messages.size() - 1).fields().get("content");
        if (said instanceof String prompted
                && !prompted.isBlank()
                && answer.get(0).fields().get("content") instanceof String content
                && content.strip().startsWith(prompted.strip())) {
            remarks.add(Remark.REPEATS_PROMPT);
        }
    }

    /** Only the generation prompt may give way, not the conversation before it. */
    private void requireSameTurns(String field, List<Message> answer, String whole) throws UnfitRowException {
        if (!"assistant".equals(answer.get(0).fields().get("role"))) {
            throw new UnfitRowException(
                    Reason.ANSWER_BY_ANOTHER,
                    field + " begins with the role " + answer.get(0).fields().get("role")
                            + ", for which the template has another generation prompt");
        }
        if ("assistant".equals(messages.get(messages.size() - 1).fields().get("role"))) {
            throw new UnfitRowException(
                    Reason.PROMPT_ENDS_WITH_ANSWER, field + "; move that turn into the completions");
        }
        if (!whole.startsWith(text.render(messages, false))) {
            throw new UnfitRowException(Reason.PROMPT_REWRITTEN_BY_TEMPLATE, field);
        }
    }

    /** Ids of the prompt, as far as all completions keep it. */
    int[] prompt() {
        return Arrays.copyOf(prompt, kept);
    }

    Set<Remark> remarks() {
        if (text.hidSpelling()) {
            remarks.add(Remark.SPELLS_SPECIAL_TOKEN);
        }
        return remarks;
    }

    /** The ids of the completion that was added as such, in the order in which they were. */
    Completion completion(int index) throws UnfitRowException {
        Answer answer = answers.get(index);
        boolean straddles = kept == prompt.length && !TokenIds.startsWith(answer.ids, prompt);
        int[] completion = straddles
                ? straddling.completion(
                        answer.field,
                        promptText,
                        answer.whole.substring(promptText.length()),
                        prompt,
                        answer.ids,
                        rendered -> text.encode(answer.field, rendered))
                : Arrays.copyOfRange(answer.ids, kept, answer.ids.length);
        int endsWithin = answer.messages.size() == 1 ? 0 : endsBeforeLast(answer.field, answer.messages);
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
        return ends(text.encode(field, before)) - ends(prompt());
    }

    private int ends(int[] ids) {
        return (int) Arrays.stream(ids).filter(eosIds::contains).count();
    }

    /** Up to the first EOS after the content, or all of it and an EOS where the template writes none. */
    private int[] upToEnd(int[] ids, int endsWithin) {
        return TokenIds.upToEnd(ids, eosIds, endsWithin, eosId);
    }
}
