package ai.rpo.core.reward;

import java.util.Arrays;
import java.util.List;

/** Chooses a preference pair among the rated samples of a prompt. */
public enum Pairing {
    /** The sample with the highest reward against the one with the lowest; of equal ones the first. */
    BEST_WORST,
    /** The first two samples, which are independent draws of the policy. */
    TWO;

    /** Says what came of a prompt's samples. */
    public enum Outcome {
        PAIRED,
        /** Fewer than two of them have a reward. */
        TOO_FEW,
        /** Nothing is to be preferred. */
        EQUAL_REWARDS,
        /** Says that what would be preferred is what it would be preferred to. */
        EQUAL_TEXTS
    }

    /**
     * Names a pair by the places of its samples.
     *
     * @param chosen 0 where there is no pair
     * @param rejected 0 where there is no pair
     */
    public record Choice(Outcome outcome, int chosen, int rejected) {

        private static Choice none(Outcome outcome) {
            return new Choice(outcome, 0, 0);
        }
    }

    /**
     * Chooses a pair.
     *
     * @param rewards one a sample
     * @param completions token ids of each sample
     */
    public Choice of(double[] rewards, List<int[]> completions) {
        if (rewards.length < 2) {
            return Choice.none(Outcome.TOO_FEW);
        }
        int considered = this == TWO ? 2 : rewards.length;
        int best = 0;
        int worst = 0;
        for (int i = 1; i < considered; i++) {
            best = rewards[i] > rewards[best] ? i : best;
            worst = rewards[i] < rewards[worst] ? i : worst;
        }
        if (best == worst) {
            int[] first = completions.get(0);
            boolean same = completions.subList(0, considered).stream().allMatch(other -> Arrays.equals(first, other));
            return Choice.none(same ? Outcome.EQUAL_TEXTS : Outcome.EQUAL_REWARDS);
        }
        return Arrays.equals(completions.get(best), completions.get(worst))
                ? Choice.none(Outcome.EQUAL_TEXTS)
                : new Choice(Outcome.PAIRED, best, worst);
    }
}
