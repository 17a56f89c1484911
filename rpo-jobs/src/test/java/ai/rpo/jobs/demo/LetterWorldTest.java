package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LetterWorldTest {

    /** Each worked by hand: positions right of six, less 0.1 a letter of wrong length. */
    @ParameterizedTest
    @CsvSource({
        "abcdef, abcdef, 1.0",
        "abcdef, bacdef, 0.6666666667",
        "abcdef, abcde, 0.7333333333",
        "abcdef, abcdeff, 0.9",
        "abcdef, bcdef, -0.1",
        "aaaaaa, aaaaaaaa, 0.8",
        "abcdef, ponmlk, 0.0",
        "abcdef, '', -0.6",
    })
    void grades(String letters, String answer, double gold) {
        assertEquals(gold, LetterWorld.gold(letters, answer), 1e-9);
    }

    @Test
    void onlyTheRightAnswerIsWorthOne() {
        SplittableRandom random = new SplittableRandom(1);
        CarelessWriter writer = new CarelessWriter(random);
        for (int i = 0; i < 2000; i++) {
            String letters = LetterWorld.letters(random);
            String answer = writer.answer(letters);
            double gold = LetterWorld.gold(letters, answer);
            assertTrue(gold <= 1, answer);
            assertEquals(answer.equals(letters), gold == 1, letters + " → " + answer);
        }
    }

    @Test
    void drawsEveryLetterAboutAsOften() {
        SplittableRandom random = new SplittableRandom(2);
        int[] counts = new int[LetterWorld.LETTERS.length()];
        int prompts = 8000;
        for (int i = 0; i < prompts; i++) {
            String letters = LetterWorld.letters(random);
            assertEquals(LetterWorld.LENGTH, letters.length());
            letters.chars().forEach(c -> counts[LetterWorld.LETTERS.indexOf(c)]++);
        }
        double expected = 6.0 * prompts / counts.length;
        for (int count : counts) {
            assertEquals(expected, count, 5 * Math.sqrt(expected));
        }
    }
}
