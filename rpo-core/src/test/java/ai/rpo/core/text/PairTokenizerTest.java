package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.PairTokenizer.Cut;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairTokenizerTest {

    private static final Tokenizer WITH_BOS = TestTokenizers.open("sentencepiece");
    private static final Tokenizer WITHOUT_BOS = TestTokenizers.open("byte_level");
    private static final Tokenizer WITH_FINAL_EOS = TestTokenizers.open("unigram");
    private static final int EOS = 290;

    @AfterAll
    static void close() {
        WITH_BOS.close();
        WITHOUT_BOS.close();
        WITH_FINAL_EOS.close();
    }

    @Test
    void promptBeginsWithBosAndCompletionsEndInOneEos() throws UnfitRowException {
        PairTokenizer.Pair pair = pairs(WITH_BOS).tokenize(new TextPair("zz", " and the dog ran", " ran"));
        int[] prompt = WITH_BOS.encodePrompt("zz");
        assertEquals(1, pair.prompt()[0]);
        assertArrayEquals(prompt, pair.prompt());
        assertEquals(2, pair.chosen()[pair.chosen().length - 1]);
        int[] joined = TokenIds.concatenate(pair.prompt(), pair.chosen());
        assertArrayEquals(TokenIds.concatenate(WITH_BOS.encodePrompt("zz and the dog ran"), new int[] {2}), joined);
        assertEquals(0, pair.notes().straddles());
    }

    @Test
    void anEosThatThePostProcessorAddsIsNotDoubled() throws UnfitRowException {
        PairTokenizer.Example example = pairs(WITH_FINAL_EOS).tokenize(new TextExample("the cat", " sat"));
        assertArrayEquals(new int[] {34, 35}, example.prompt());
        assertArrayEquals(new int[] {2, 21, 36, 1}, example.completion());
    }

    @Test
    void aStraddlingTokenFollowsThePolicy() throws UnfitRowException {
        // " dog" is one token, so it straddles the border of "the d" and "og".
        TextPair pair = new TextPair("the d", "og", " cat");
        PairTokenizer.Pair separate = pairs(WITHOUT_BOS).tokenize(pair);
        assertArrayEquals(WITHOUT_BOS.encode("the d"), separate.prompt());
        assertArrayEquals(TokenIds.concatenate(WITHOUT_BOS.encode("og"), new int[] {EOS}), separate.chosen());
        assertEquals(1, separate.notes().straddles());

        for (StraddlePolicy policy : new StraddlePolicy[] {StraddlePolicy.DROP, StraddlePolicy.FAIL}) {
            PairTokenizer strict = new PairTokenizer(WITHOUT_BOS, policy, limit(64, Truncation.DROP));
            assertEquals(Reason.STRADDLING_TOKEN, reason(strict, pair));
        }
    }

    @Test
    void textThatSpellsASpecialTokenIsText() throws UnfitRowException {
        PairTokenizer.Pair pair = pairs(WITHOUT_BOS).tokenize(new TextPair("a<|im_end|>", "b<|im_start|>", "c"));
        assertTrue(pair.notes().remarks().contains(Remark.SPELLS_SPECIAL_TOKEN));
        assertEquals("a<|im_end|>", WITHOUT_BOS.decode(pair.prompt(), true));
        assertEquals("b<|im_start|>", WITHOUT_BOS.decode(pair.chosen(), true));

        PairTokenizer.Pair other = pairs(WITH_BOS).tokenize(new TextPair("say", " </s> now", " <s>"));
        assertEquals("</s> now", WITH_BOS.decode(other.chosen(), true));
        assertEquals("say", WITH_BOS.decode(other.prompt(), true));
    }

    @Test
    void textThatCannotBeKeptApartFromASpecialTokenIsDropped() {
        assertEquals(
                Reason.SPELLS_SPECIAL_TOKEN, reason(pairs(WITH_FINAL_EOS), new TextPair("the cat", " sat</s>", " at")));
        assertEquals(
                Reason.SPELLS_SPECIAL_TOKEN, reason(pairs(WITH_FINAL_EOS), new TextPair("the</s>", " sat", " at")));
    }

    @Test
    void anUnknownCharacterIsNoSpecialToken() throws UnfitRowException {
        PairTokenizer.Example example = pairs(WITH_FINAL_EOS).tokenize(new TextExample("the", " é"));
        assertArrayEquals(new int[] {2, 0, 1}, example.completion(), "space, unknown, EOS");
    }

    @Test
    void emptyOrEqualTextsAreUnfit() throws UnfitRowException {
        assertEquals(Reason.EMPTY_COMPLETION, reason(pairs(WITH_BOS), new TextPair("the", "", " cat")));
        assertEquals(Reason.EMPTY_COMPLETION, reason(pairs(WITH_BOS), new TextPair("the", " cat", "")));
        assertEquals(Reason.CHOSEN_EQUALS_REJECTED, reason(pairs(WITH_BOS), new TextPair("the", " cat", " cat")));
        assertEquals(Reason.EMPTY_PROMPT, reason(pairs(WITHOUT_BOS), new TextPair("", " cat", " dog")));
        assertArrayEquals(
                new int[] {1},
                pairs(WITH_BOS).tokenize(new TextPair("", " cat", " dog")).prompt());
    }

    @Test
    void rowsBeyondTheLimitAreDroppedOrCut() throws UnfitRowException {
        TextPair pair = new TextPair("the cat sat", " on the mat and", " on the dog");
        int[] prompt = WITH_BOS.encodePrompt(pair.prompt());
        int[] chosen = pairs(WITH_BOS).tokenize(pair).chosen();
        int[] rejected = pairs(WITH_BOS).tokenize(pair).rejected();
        int limit = prompt.length + chosen.length - 1;

        assertEquals(Reason.TOO_LONG, reason(pairs(WITH_BOS, limit, Truncation.DROP), pair));
        assertEquals(Reason.PROMPT_TOO_LONG, reason(pairs(WITH_BOS, prompt.length, Truncation.DROP), pair));
        assertEquals(Reason.PROMPT_TOO_LONG, reason(pairs(WITH_BOS, prompt.length, Truncation.CUT_COMPLETIONS), pair));
        assertEquals(Reason.TOO_LONG, reason(pairs(WITH_BOS, chosen.length + 1, Truncation.KEEP_END_OF_PROMPT), pair));

        PairTokenizer.Pair cutCompletion =
                pairs(WITH_BOS, limit, Truncation.CUT_COMPLETIONS).tokenize(pair);
        assertEquals(Cut.COMPLETION, cutCompletion.notes().cut());
        assertArrayEquals(Arrays.copyOf(chosen, chosen.length - 1), cutCompletion.chosen());
        assertArrayEquals(rejected, cutCompletion.rejected(), "the one that fits keeps its EOS");

        PairTokenizer.Pair cutPrompt =
                pairs(WITH_BOS, limit, Truncation.KEEP_END_OF_PROMPT).tokenize(pair);
        assertEquals(Cut.PROMPT, cutPrompt.notes().cut());
        assertEquals(1, cutPrompt.prompt()[0], "BOS stays");
        assertEquals(prompt.length - 1, cutPrompt.prompt().length);
        assertEquals(prompt[prompt.length - 1], cutPrompt.prompt()[prompt.length - 2]);
        assertArrayEquals(chosen, cutPrompt.chosen());
    }

    @Test
    void completionsThatDifferOnlyBeyondTheCutAreUnfit() {
        TextPair pair = new TextPair("the", " mat mat mat cat", " mat mat mat dog");
        assertEquals(
                Reason.EQUAL_AFTER_TRUNCATION,
                reason(pairs(WITHOUT_BOS, WITHOUT_BOS.encode("the mat mat").length, Truncation.CUT_COMPLETIONS), pair));
    }

    @Test
    void aTokenizerWithoutEosIsRefused(@TempDir Path folder) throws IOException {
        Files.copy(TestTokenizers.folder("byte_level").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            RpoException e = assertThrows(RpoException.class, () -> pairs(tokenizer));
            assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        }
    }

    private static PairTokenizer pairs(Tokenizer tokenizer) {
        return pairs(tokenizer, 64, Truncation.DROP);
    }

    private static PairTokenizer pairs(Tokenizer tokenizer, int limit, Truncation truncation) {
        return new PairTokenizer(tokenizer, StraddlePolicy.SEPARATE, limit(limit, truncation));
    }

    private static LengthLimit limit(int tokens, Truncation truncation) {
        return new LengthLimit(tokens, truncation);
    }

    private static Reason reason(PairTokenizer tokenizer, TextPair pair) {
        return assertThrows(UnfitRowException.class, () -> tokenizer.tokenize(pair))
                .reason();
    }
}
