package ai.rpo.core.objective;

/**
 * One pair's part in its batch.
 *
 * @param chosenReward β·(log π(y⁺|x) − log π_ref(y⁺|x))
 * @param rejectedReward the same for y⁻
 * @param preferenceLoss what the pair adds to the mean of −log σ(margin)
 * @param regularizer what the pair adds to R, before its weight
 * @param chosenCoefficient ∂L/∂log π(y⁺|x)
 * @param rejectedCoefficient ∂L/∂log π(y⁻|x)
 */
public record PairOutcome(
        double chosenReward,
        double rejectedReward,
        double preferenceLoss,
        double regularizer,
        double chosenCoefficient,
        double rejectedCoefficient) {

    /**
     * Gives the same pair, where the supervised term does not count it.
     *
     * @param slope what the term added to −∂L/∂log π(y⁺|x)
     */
    PairOutcome withoutRegularizer(double slope) {
        return new PairOutcome(
                chosenReward, rejectedReward, preferenceLoss, 0, chosenCoefficient + slope, rejectedCoefficient);
    }

    public double margin() {
        return chosenReward - rejectedReward;
    }
}
