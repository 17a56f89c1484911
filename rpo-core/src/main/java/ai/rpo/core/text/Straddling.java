package ai.rpo.core.text;

import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Tokenises a completion whose first characters belong to a token that begins in its prompt, so that prompt and completion still
 * read as the text does. Tokenised alone, it would begin with a blank under SentencePiece's tokenizers and count as another word
 * under WordPiece; there it is tokenised behind some text, whose ids are then taken away.
 */
record Straddling(Tokenizer tokenizer, StraddlePolicy policy) {

    /** Texts that end where most tokenizers end a token, tried behind the prompt's own last characters. */
    private static final String[] CONTEXTS = {"\n", ".", "0", "a", "中"};

    /** Ids of a text. */
    @FunctionalInterface
    interface Encoding {
        int[] of(String text) throws UnfitRowException;
    }

    /**
     * @param whole ids of prompt and completion together
     * @throws UnfitRowException where the policy asks for it, or no ids read as the text does
     */
    int[] completion(String field, String prompt, String completion, int[] promptIds, int[] whole, Encoding encoding)
            throws UnfitRowException {
        if (policy != StraddlePolicy.SEPARATE) {
            throw new UnfitRowException(Reason.STRADDLING_TOKEN, field);
        }
        String wanted = tokenizer.decode(whole, false);
        int[] alone = encoding.of(completion);
        if (reads(promptIds, alone, wanted)) {
            return alone;
        }
        int last = prompt.isEmpty() ? 0 : prompt.offsetByCodePoints(prompt.length(), -1);
        String[] contexts = Stream.concat(Stream.of(prompt.substring(last)), Arrays.stream(CONTEXTS))
                .filter(context -> !context.isEmpty())
                .toArray(String[]::new);
        for (String context : contexts) {
            int[] before = encoding.of(context);
            int[] both = encoding.of(context + completion);
            if (TokenIds.startsWith(both, before)) {
                int[] behind = Arrays.copyOfRange(both, before.length, both.length);
                if (reads(promptIds, behind, wanted)) {
                    return behind;
                }
            }
        }
        throw new UnfitRowException(
                Reason.STRADDLING_TOKEN, field + " begins inside a word, and its tokens alone would read otherwise");
    }

    private boolean reads(int[] prompt, int[] completion, String wanted) {
        return tokenizer.decode(TokenIds.concatenate(prompt, completion), false).equals(wanted);
    }
}
