package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CarelessWriterTest {

    private static final int ANSWERS = 20_000;
    private static final String DISTINCT = "abcdef";

    /** Distinct letters, so only swapping back and forth can undo a slip: 0.5 + a little. */
    @Test
    void isRightAboutHalfOfTheTime() {
        double right = share(answer -> answer.equals(DISTINCT));
        assertTrue(right > 0.49 && right < 0.54, "right: " + right);
    }

    /**
     * Share of answers one letter too long. With k = 1, 2, 3 slips (a third each) of which a fraction 0.13 lengthen and
     * 0.12 shorten, by hand: k=1: 0.13; k=2: 2·0.13·0.75; k=3: 3·0.13·0.75² + 3·0.13²·0.12; half of all answers slip.
     */
    @Test
    void dropsAndRepeatsAsOftenAsItSays() {
        double one = 0.13;
        double two = 2 * 0.13 * 0.75;
        double three = 3 * 0.13 * 0.75 * 0.75 + 3 * 0.13 * 0.13 * 0.12;
        assertEquals(0.5 * (one + two + three) / 3, share(answer -> answer.length() == 7), 0.01);
        one = 0.12;
        two = 2 * 0.12 * 0.75;
        three = 3 * 0.12 * 0.75 * 0.75 + 3 * 0.12 * 0.12 * 0.13;
        assertEquals(0.5 * (one + two + three) / 3, share(answer -> answer.length() == 5), 0.01);
    }

    /** A wrong letter is the only slip that brings in one that the prompt has not: 1 − 0.75^k, 10 of 15 letters new. */
    @Test
    void writesWrongLetters() {
        double brought = share(answer -> answer.chars().anyMatch(c -> DISTINCT.indexOf(c) < 0));
        double perSlip = 0.25 * 10 / 15;
        double expected = 0.5
                * IntStream.rangeClosed(1, 3)
                        .mapToDouble(k -> 1 - Math.pow(1 - perSlip, k))
                        .average()
                        .orElseThrow();
        assertEquals(expected, brought, 0.015);
    }

    @Test
    void writesTheSameFromTheSameSeed() {
        assertEquals(answers(7), answers(7));
        assertTrue(!answers(7).equals(answers(8)));
    }

    private static java.util.List<String> answers(long seed) {
        CarelessWriter writer = new CarelessWriter(new SplittableRandom(seed));
        return IntStream.range(0, 50).mapToObj(i -> writer.answer(DISTINCT)).toList();
    }

    private static double share(java.util.function.Predicate<String> of) {
        CarelessWriter writer = new CarelessWriter(new SplittableRandom(3));
        String[] answers = new String[ANSWERS];
        Arrays.setAll(answers, i -> writer.answer(DISTINCT));
        return (double) Arrays.stream(answers).filter(of).count() / ANSWERS;
    }
}
