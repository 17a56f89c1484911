package ai.rpo.jobs.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Preferences over a model's own answers: two samples for each fresh prompt, ranked by the noisy judge. A pair of equal
 * answers tells nothing, and one that is cut off cannot be written as text, so such prompts are passed over.
 *
 * @param pairs as they go to the training data
 * @param asked prompts that were answered
 * @param equal prompts whose two answers were the same
 * @param unfit prompts with an answer that was empty, cut off or not made of letters
 */
record PreferenceSet(List<Pair> pairs, int asked, int equal, int unfit) {

    /**
     * @param letters of the prompt
     * @param goldOfChosen what the judge did not see
     */
    record Pair(String letters, String chosen, String rejected, double goldOfChosen, double goldOfRejected) {

        /** Tells whether the judge preferred the answer that is worth less. */
        boolean isWrong() {
            return goldOfChosen < goldOfRejected;
        }
    }

    private static final int BATCH = 256;

    /** A model that hardly ever gives two different answers would keep the demo asking for ever. */
    private static final int MOST_PROMPTS_PER_PAIR = 50;

    PreferenceSet {
        pairs = List.copyOf(pairs);
    }

    /**
     * @param wanted pairs to collect
     * @param reserved letters of prompts that must stay unseen
     */
    static PreferenceSet collect(Respondent model, int wanted, Set<String> reserved, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        NoisyJudge judge = new NoisyJudge(random.split());
        List<Pair> pairs = new ArrayList<>();
        int asked = 0;
        int equal = 0;
        int unfit = 0;
        while (pairs.size() < wanted) {
            if (asked > wanted * MOST_PROMPTS_PER_PAIR) {
                throw new IllegalStateException(String.format(
                        Locale.ROOT, "only %d of %d prompts gave two different answers", pairs.size(), asked));
            }
            List<String> prompts = prompts(random, reserved, BATCH);
            List<Answer> first = model.answers(prompts, random.nextLong());
            List<Answer> second = model.answers(prompts, random.nextLong());
            for (int i = 0; i < prompts.size() && pairs.size() < wanted; i++) {
                asked++;
                if (!first.get(i).isPlain() || !second.get(i).isPlain()) {
                    unfit++;
                } else if (first.get(i).text().equals(second.get(i).text())) {
                    equal++;
                } else {
                    pairs.add(judged(prompts.get(i), first.get(i), second.get(i), judge));
                }
            }
        }
        return new PreferenceSet(pairs, asked, equal, unfit);
    }

    private static Pair judged(String letters, Answer first, Answer second, NoisyJudge judge) {
        double goldOfFirst = first.gold(letters);
        double goldOfSecond = second.gold(letters);
        return judge.prefersFirst(goldOfFirst, goldOfSecond)
                ? new Pair(letters, first.text(), second.text(), goldOfFirst, goldOfSecond)
                : new Pair(letters, second.text(), first.text(), goldOfSecond, goldOfFirst);
    }

    /** Letters of fresh prompts, none of them reserved. */
    static List<String> prompts(SplittableRandom random, Set<String> reserved, int count) {
        List<String> prompts = new ArrayList<>(count);
        while (prompts.size() < count) {
            String letters = LetterWorld.letters(random);
            if (!reserved.contains(letters)) {
                prompts.add(letters);
            }
        }
        return prompts;
    }

    /** Share of all pairs that the judge ranked against the gold reward. */
    double wrongShare() {
        return (double) pairs.stream().filter(Pair::isWrong).count() / pairs.size();
    }
}
