package ai.rpo.jobs.demo;

/**
 * Holds what a model wrote.
 *
 * @param text up to its end of sequence, special tokens spelled out
 * @param finished whether it ended the answer itself, rather than being cut off
 */
record Answer(String text, boolean finished) {

    /** Tells whether the answer can stand in a file of text pairs and come out of the tokenizer as it was sampled. */
    boolean isPlain() {
        return finished && !text.isEmpty() && text.chars().allMatch(c -> LetterWorld.LETTERS.indexOf(c) >= 0);
    }

    double gold(String letters) {
        return LetterWorld.gold(letters, text);
    }
}
