package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * {@code {"chosen": text, "rejected": text}}, each with its prompt: what both begin with. The prompt ends where a word
 * begins, before the blank in front of it, since most tokenizers put that into the word's first token. A row that says
 * something else beside the two is not recognised: that may be the prompt.
 */
final class ImplicitPromptFormat implements RowFormat {

    @Override
    public String name() {
        return "implicit-prompt";
    }

    @Override
    public List<String> fields() {
        return List.of("chosen", "rejected");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return !row.has("prompt")
                && row.path("chosen").isTextual()
                && row.path("rejected").isTextual()
                && OtherNames.ofPrompt(row).isEmpty();
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        String chosen = Fields.text(row, "chosen");
        String rejected = Fields.text(row, "rejected");
        if (chosen.equals(rejected)) {
            throw new UnfitRowException(Reason.CHOSEN_EQUALS_REJECTED);
        }
        int end = promptEnd(chosen, rejected);
        if (end == 0) {
            throw new UnfitRowException(Reason.NO_COMMON_PROMPT);
        }
        return new PreferenceRecord.TextPair(chosen.substring(0, end), chosen.substring(end), rejected.substring(end));
    }

    private static int promptEnd(String chosen, String rejected) {
        int most = Math.min(chosen.length(), rejected.length()) - 1; // each side must have something left
        int end = 0;
        while (end < most && chosen.charAt(end) == rejected.charAt(end)) {
            end++;
        }
        while (end > 0 && (isInsideWord(chosen, end) || isInsideWord(rejected, end))) {
            end--;
        }
        return end > 0 && chosen.charAt(end - 1) == ' ' ? end - 1 : end;
    }

    private static boolean isInsideWord(String text, int at) {
        return Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at))
                || isOfWord(text.codePointBefore(at)) && isOfWord(text.codePointAt(at));
    }

    private static boolean isOfWord(int c) {
        return Character.isLetterOrDigit(c)
                || c == '\'' // don't
                || Character.getType(c) == Character.NON_SPACING_MARK
                || Character.getType(c) == Character.COMBINING_SPACING_MARK;
    }
}
