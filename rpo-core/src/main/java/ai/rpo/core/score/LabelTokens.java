package ai.rpo.core.score;

import ai.rpo.core.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the ways in which a tokenizer spells a label, such as {@code m} and {@code ␣m}: their probabilities add up to the label's.
 */
public final class LabelTokens {

    private LabelTokens() {}

    /**
     * One way to spell a label.
     *
     * @param text with the blanks that belong to it
     * @param ids its tokens
     */
    public record Spelling(String label, String text, int[] ids) {}

    /**
     * Every token that is a label but for blanks around it. A label that no token is gets the tokens that its text has, alone and
     * after a blank.
     *
     * @param vocabularySize of the model, whose tokenizer may have fewer
     */
    public static List<Spelling> of(Tokenizer tokenizer, int vocabularySize, List<String> labels) {
        List<Spelling> spellings = new ArrayList<>();
        for (int id = 0; id < vocabularySize; id++) {
            int[] ids = {id};
            String text = tokenizer.decode(ids, false);
            if (labels.contains(text.strip())) {
                spellings.add(new Spelling(text.strip(), text, ids));
            }
        }
        for (String label : labels) {
            if (spellings.stream().noneMatch(spelling -> spelling.label().equals(label))) {
                addText(tokenizer, label, spellings);
            }
        }
        return spellings;
    }

    private static void addText(Tokenizer tokenizer, String label, List<Spelling> spellings) {
        int[] alone = tokenizer.encode(label);
        int[] afterBlank = tokenizer.encode(" " + label);
        spellings.add(new Spelling(label, label, alone));
        if (!Arrays.equals(alone, afterBlank)) {
            spellings.add(new Spelling(label, " " + label, afterBlank));
        }
    }
}
