package ai.rpo.core.evaluate;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Objective;
import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A held-out pair under both models, without its tokens: a driver collects these of all pairs. Under a reward model,
 * its rewards stand for the policy's log-probabilities, and there is no reference.
 *
 * @param ordinal the pair's place in the data set
 * @param chosenTokens of the chosen completion
 * @param rejectedTokens of the rejected completion
 * @param referenceChosen log π(y⁺|x) of the reference
 * @param referenceRejected log π(y⁻|x) of the reference
 * @param chosenLogps log π(y⁺|x) of the policy
 * @param rejectedLogps log π(y⁻|x) of the policy
 * @param margin by how much the data say that the chosen completion is better; 0 where they do not say
 */
public record PairResult(
        long ordinal,
        int chosenTokens,
        int rejectedTokens,
        double referenceChosen,
        double referenceRejected,
        double chosenLogps,
        double rejectedLogps,
        double margin)
        implements Serializable {

    /** @param pair with the reference's log-probabilities, which under a reward model it lacks */
    public PairResult(TrainingExample pair, double chosenLogps, double rejectedLogps) {
        this(
                pair.ordinal(),
                pair.chosen().length,
                pair.rejected().length,
                reference(pair, 0),
                reference(pair, 1),
                chosenLogps,
                rejectedLogps,
                pair.margin());
    }

    private static double reference(TrainingExample pair, int completion) {
        return pair.referenceLogps().length == 0 ? 0 : pair.referenceLogps()[completion];
    }

    /**
     * Joins what several reward models make of the same pairs, by the means of their rewards.
     *
     * @param models the pairs under each, in one order
     */
    public static List<PairResult> means(List<List<PairResult>> models) {
        return IntStream.range(0, models.get(0).size())
                .mapToObj(i -> mean(models.stream().map(pairs -> pairs.get(i)).toList()))
                .toList();
    }

    private static PairResult mean(List<PairResult> same) {
        PairResult pair = same.get(0);
        return new PairResult(
                pair.ordinal,
                pair.chosenTokens,
                pair.rejectedTokens,
                pair.referenceChosen,
                pair.referenceRejected,
                same.stream().mapToDouble(PairResult::chosenLogps).average().orElseThrow(),
                same.stream().mapToDouble(PairResult::rejectedLogps).average().orElseThrow(),
                pair.margin);
    }

    /** Gives the pair as an objective sees it. */
    ExampleLogps seenBy(Objective objective) {
        return objective.needs().rewards() ? rewards() : logps();
    }

    private ExampleLogps rewards() {
        double[] none = {};
        return new ExampleLogps(
                none,
                none,
                new double[] {chosenLogps, rejectedLogps},
                margin,
                true,
                new int[] {chosenTokens, rejectedTokens},
                none);
    }

    private ExampleLogps logps() {
        return ExampleLogps.pair(
                chosenLogps, rejectedLogps, referenceChosen, referenceRejected, chosenTokens, rejectedTokens);
    }
}
