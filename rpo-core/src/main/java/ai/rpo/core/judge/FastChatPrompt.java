package ai.rpo.core.judge;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds what stood in the places of one of FastChat's prompts, found by the headings around them.
 *
 * @param questions the user's turns; none where the prompt is not one of these
 * @param answerA the answer that is judged, of the assistant alone or of assistant A; null where it is not found
 * @param answerB the same of assistant B
 */
record FastChatPrompt(List<String> questions, String answerA, String answerB) {

    private static final Pattern QUESTION =
            Pattern.compile("\\[(?:User )?Question\\]\\n(.*?)\\n\\n\\[The Start of ", Pattern.DOTALL);

    static FastChatPrompt parse(String prompt) {
        Matcher question = QUESTION.matcher(prompt);
        if (question.find()) {
            String alone = between(prompt, "[The Start of Assistant's Answer]\n", "\n[The End of Assistant's Answer]");
            String a = between(prompt, "[The Start of Assistant A's Answer]\n", "\n[The End of Assistant A's Answer]");
            String b = between(prompt, "[The Start of Assistant B's Answer]\n", "\n[The End of Assistant B's Answer]");
            return new FastChatPrompt(List.of(question.group(1)), a == null ? alone : a, b);
        }
        List<String> a = conversation(prompt, "Assistant A");
        List<String> b = conversation(prompt, "Assistant B");
        List<String> questions = new ArrayList<>();
        for (int i = 0; i + 1 < a.size(); i += 2) {
            questions.add(a.get(i));
        }
        return new FastChatPrompt(questions, last(a), last(b));
    }

    /** Questions and answers by turns. */
    private static List<String> conversation(String prompt, String who) {
        String text = between(
                prompt,
                "<|The Start of " + who + "'s Conversation with User|>\n\n### User:\n",
                "\n\n<|The End of " + who + "'s Conversation with User|>");
        return text == null ? List.of() : List.of(text.split("\\n\\n### (?:User|" + who + "):\\n", -1));
    }

    private static String last(List<String> turns) {
        return turns.isEmpty() ? null : turns.get(turns.size() - 1);
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start);
        int to = text.indexOf(end, from + start.length());
        return from < 0 || to < 0 ? null : text.substring(from + start.length(), to);
    }
}
