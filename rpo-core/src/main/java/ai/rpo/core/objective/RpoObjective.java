package ai.rpo.core.objective;

/**
 * Regularized Preference Optimization (arXiv 2405.16436, eq. 4.8): the DPO loss plus a supervised loss on the chosen
 * completion. A pure function of log-probabilities; see docs/math.md for the numbered equations.
 *
 * <p>With N pairs in the whole optimizer batch, the loss is
 *
 * <pre>L = (1/N)·Σᵢ −log σ(mᵢ) + w·R,   mᵢ = β·[(logp⁺ᵢ − ref⁺ᵢ) − (logp⁻ᵢ − ref⁻ᵢ)]</pre>
 *
 * where w is {@link #effectiveWeight()} and R is set by {@link Reduction}. η = 0 is DPO.
 *
 * @param beta β, strength of the tie to the reference, above 0
 * @param eta η, how much of the supervised loss, at least 0
 * @param reduction over what the chosen log-probability is averaged
 * @param weight what η is multiplied by
 */
public record RpoObjective(double beta, double eta, Reduction reduction, Weight weight) {

    /** What R averages. */
    public enum Reduction {
        /** The paper: mean over pairs of the sum over tokens. */
        SUM,
        /** The authors' code for OpenRLHF: mean over pairs of the mean over the sequence's tokens. */
        SEQUENCE_MEAN,
        /** TRL's {@code sft} term: mean over all chosen tokens of the batch. */
        TOKEN_MEAN
    }

    /** What multiplies R. */
    public enum Weight {
        /** η·β, as in the paper. */
        ETA_TIMES_BETA,
        /** η alone. */
        ETA
    }

    public RpoObjective {
        if (!(beta > 0) || Double.isInfinite(beta)) {
            throw new IllegalArgumentException("beta must be above 0, but is " + beta);
        }
        if (!(eta >= 0) || Double.isInfinite(eta)) {
            throw new IllegalArgumentException("eta must be at least 0, but is " + eta);
        }
    }

    /** The paper's form. */
    public static RpoObjective paper(double beta, double eta) {
        return new RpoObjective(beta, eta, Reduction.SUM, Weight.ETA_TIMES_BETA);
    }

    /** The number that R is multiplied by. */
    public double effectiveWeight() {
        return weight == Weight.ETA ? eta : eta * beta;
    }

    /**
     * What one pair adds to the loss of its batch, and the derivatives of the batch's loss by its two log-probabilities.
     *
     * @param chosen log π(y⁺|x), summed over tokens
     * @param rejected log π(y⁻|x)
     * @param referenceChosen log π_ref(y⁺|x)
     * @param referenceRejected log π_ref(y⁻|x)
     * @param chosenTokens tokens of y⁺, EOS included
     * @param batch the whole optimizer batch, however it is split for computing
     */
    public PairOutcome evaluate(
            double chosen,
            double rejected,
            double referenceChosen,
            double referenceRejected,
            int chosenTokens,
            BatchSize batch) {
        double chosenReward = beta * (chosen - referenceChosen);
        double rejectedReward = beta * (rejected - referenceRejected);
        double margin = chosenReward - rejectedReward;
        double preferenceSlope = beta * sigmoid(-margin) / batch.pairs();
        double share = regularizerShare(chosenTokens, batch);
        return new PairOutcome(
                chosenReward,
                rejectedReward,
                -logSigmoid(margin) / batch.pairs(),
                -chosen * share,
                -preferenceSlope - effectiveWeight() * share,
                preferenceSlope);
    }

    /** How much of −log π(y⁺|x) enters R. */
    private double regularizerShare(int chosenTokens, BatchSize batch) {
        return switch (reduction) {
            case SUM -> 1.0 / batch.pairs();
            case SEQUENCE_MEAN -> 1.0 / chosenTokens / batch.pairs();
            case TOKEN_MEAN -> 1.0 / batch.chosenTokens();
        };
    }

    /** σ(x) = 1/(1 + e⁻ˣ) without overflow. */
    public static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + Math.exp(-x));
        }
        double e = Math.exp(x);
        return e / (1 + e);
    }

    /** log σ(x) without overflow or cancellation. */
    public static double logSigmoid(double x) {
        return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    }
}
