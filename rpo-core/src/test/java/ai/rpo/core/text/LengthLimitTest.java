package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class LengthLimitTest {

    private static final int EOS = -1;

    @Property
    void whatIsKeptFitsAndIsNeverEmpty(
            @ForAll @IntRange(min = 2, max = 40) int tokens,
            @ForAll @IntRange(min = 2, max = 40) int promptTokens,
            @ForAll Truncation truncation,
            @ForAll @IntRange(min = 1, max = 50) int promptLength,
            @ForAll @IntRange(max = 1) int prefix,
            @ForAll @IntRange(min = 1, max = 50) int firstLength,
            @ForAll @IntRange(min = 1, max = 50) int secondLength) {
        int[] prompt = IntStream.range(0, promptLength).toArray();
        int[] first = completion(100, firstLength);
        int[] second = completion(200, secondLength);
        int longest = Math.max(firstLength, secondLength);
        LengthLimit.Fit fit;
        try {
            fit = new LengthLimit(tokens, promptTokens, truncation).fit(prompt, prefix, first, second);
        } catch (UnfitRowException e) {
            assertTrue(promptLength + longest > tokens || promptLength > promptTokens, "a row that fits is kept");
            assertTrue(e.reason() == Reason.TOO_LONG || e.reason() == Reason.PROMPT_TOO_LONG);
            return;
        }
        int[][] originals = {first, second};
        for (int i = 0; i < 2; i++) {
            int[] kept = fit.completions()[i];
            assertTrue(kept.length > 0);
            assertTrue(fit.prompt().length + kept.length <= tokens);
            assertArrayEquals(Arrays.copyOf(originals[i], kept.length), kept, "a beginning of the completion");
            assertEquals(
                    kept.length == originals[i].length,
                    kept[kept.length - 1] == EOS,
                    "it ends in EOS exactly where nothing was cut");
        }
        int tail = fit.prompt().length - prefix;
        assertTrue(fit.prompt().length > 0);
        assertTrue(fit.prompt().length <= promptTokens);
        assertArrayEquals(Arrays.copyOf(prompt, prefix), Arrays.copyOf(fit.prompt(), prefix));
        assertArrayEquals(
                Arrays.copyOfRange(prompt, promptLength - tail, promptLength),
                Arrays.copyOfRange(fit.prompt(), prefix, fit.prompt().length),
                "an end of the prompt");
        if (truncation != Truncation.KEEP_END_OF_PROMPT) {
            assertEquals(promptLength, fit.prompt().length);
        }
    }

    private static int[] completion(int from, int length) {
        int[] ids = IntStream.range(from, from + length).toArray();
        ids[length - 1] = EOS;
        return ids;
    }
}
