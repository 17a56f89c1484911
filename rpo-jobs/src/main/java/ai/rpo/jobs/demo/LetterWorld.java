package ai.rpo.jobs.demo;

import java.util.random.RandomGenerator;

/**
 * The task of the demo: a prompt is six letters, repeats allowed, and a separator; the right answer is the same letters
 * in the same order. Small enough to train on in seconds, and a program can grade any answer.
 */
final class LetterWorld {

    static final String LETTERS = "abcdefghijklmnop";
    static final int LENGTH = 6;
    static final char SEPARATOR = '=';

    /** Weighs one letter too many or too few. */
    static final double LENGTH_PENALTY = 0.1;

    private LetterWorld() {}

    static String letters(RandomGenerator random) {
        StringBuilder letters = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            letters.append(letter(random));
        }
        return letters.toString();
    }

    static char letter(RandomGenerator random) {
        return LETTERS.charAt(random.nextInt(LETTERS.length()));
    }

    /** The prompt's text. */
    static String prompt(String letters) {
        return letters + SEPARATOR;
    }

    /**
     * The gold reward: share of the prompt's positions that the answer gets right, less {@link #LENGTH_PENALTY} for
     * each letter too many or too few. At most 1; nothing that training sees.
     */
    static double gold(String letters, String answer) {
        int right = 0;
        for (int i = 0; i < Math.min(letters.length(), answer.length()); i++) {
            if (letters.charAt(i) == answer.charAt(i)) {
                right++;
            }
        }
        return (double) right / letters.length() - LENGTH_PENALTY * Math.abs(answer.length() - letters.length());
    }
}
