package ai.rpo.jobs.demo;

import java.util.random.RandomGenerator;

/**
 * Whose answers the base model learnt from: half of them are right, half carry one to three slips. A slip swaps two
 * neighbours (50 %), writes a wrong letter (25 %), drops one (12 %) or repeats one (13 %).
 */
final class CarelessWriter {

    private static final double RIGHT = 0.5;
    private static final int MOST_SLIPS = 3;

    /** Upper ends of the slips' shares. */
    private static final double SWAP = 0.50;

    private static final double WRONG = 0.75;
    private static final double DROP = 0.87;

    private final RandomGenerator random;

    CarelessWriter(RandomGenerator random) {
        this.random = random;
    }

    String answer(String letters) {
        StringBuilder answer = new StringBuilder(letters);
        if (random.nextDouble() >= RIGHT) {
            int slips = 1 + random.nextInt(MOST_SLIPS);
            for (int i = 0; i < slips; i++) {
                slip(answer);
            }
        }
        return answer.toString();
    }

    /** Three slips leave at least three of six letters, so there always is one to slip on. */
    private void slip(StringBuilder answer) {
        double kind = random.nextDouble();
        if (kind < SWAP) {
            int at = random.nextInt(answer.length() - 1);
            char first = answer.charAt(at);
            answer.setCharAt(at, answer.charAt(at + 1));
            answer.setCharAt(at + 1, first);
        } else if (kind < WRONG) {
            int at = random.nextInt(answer.length());
            answer.setCharAt(at, otherThan(answer.charAt(at)));
        } else if (kind < DROP) {
            answer.deleteCharAt(random.nextInt(answer.length()));
        } else {
            int at = random.nextInt(answer.length());
            answer.insert(at, answer.charAt(at));
        }
    }

    private char otherThan(char letter) {
        int step = 1 + random.nextInt(LetterWorld.LETTERS.length() - 1);
        int index = LetterWorld.LETTERS.indexOf(letter) + step;
        return LetterWorld.LETTERS.charAt(index % LetterWorld.LETTERS.length());
    }
}
