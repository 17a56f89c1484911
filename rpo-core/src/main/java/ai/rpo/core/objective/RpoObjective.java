package ai.rpo.core.objective;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements Regularized Preference Optimization (arXiv 2405.16436, eq. 4.8): the DPO loss plus a supervised loss on
 * the chosen completion. See docs/math.md, 1 to 4.
 *
 * <p>With N pairs in the whole optimizer batch, the loss is
 *
 * <pre>L = (1/N)·Σᵢ −log σ(mᵢ) + w·R,   mᵢ = β·[(logp⁺ᵢ − ref⁺ᵢ) − (logp⁻ᵢ − ref⁻ᵢ)]</pre>
 *
 * where w is {@link #effectiveWeight()} and R is set by {@link Reduction}, over the pairs that are to be regularized; a
 * pair that is not adds 0 to it. η = 0 is DPO.
 *
 * @param beta β, strength of the tie to the reference, above 0
 * @param eta η, how much of the supervised loss, at least 0
 * @param reduction over what the chosen log-probability is averaged
 * @param weight what η is multiplied by
 */
public record RpoObjective(double beta, double eta, Reduction reduction, Weight weight) implements Objective {

    private static final List<Metric> METRICS = List.of(
            Metrics.LOSS,
            Metrics.PREFERENCE_LOSS,
            Metrics.SFT_LOSS,
            Metrics.CHOSEN_REWARD,
            Metrics.REJECTED_REWARD,
            Metrics.ACCURACY,
            Metrics.MARGIN,
            Metrics.CHOSEN_LOGPS,
            Metrics.REJECTED_LOGPS,
            Metrics.ABSOLUTE_MARGIN,
            Metrics.EFFECTIVE_WEIGHT);

    /** Says what R averages. */
    public enum Reduction {
        /** The paper: mean over pairs of the sum over tokens. */
        SUM,
        /** The authors' code for OpenRLHF: mean over pairs of the mean over the sequence's tokens. */
        SEQUENCE_MEAN,
        /** TRL's {@code sft} term: mean over all chosen tokens of the batch. */
        TOKEN_MEAN
    }

    /** Says what multiplies R. */
    public enum Weight {
        /** η·β, as in the paper. */
        ETA_TIMES_BETA,
        /** η alone. */
        ETA
    }

    public RpoObjective {
        Parameter.requirePositive("beta", beta);
        Parameter.requireNotNegative("eta", eta);
    }

    /** Gives the defaults, those of the paper. */
    public RpoObjective() {
        this(0.01, 0.005, Reduction.SUM, Weight.ETA_TIMES_BETA);
    }

    /** Makes the paper's form. */
    public static RpoObjective paper(double beta, double eta) {
        return new RpoObjective(beta, eta, Reduction.SUM, Weight.ETA_TIMES_BETA);
    }

    /** Returns the number that R is multiplied by. */
    public double effectiveWeight() {
        return weight == Weight.ETA ? eta : eta * beta;
    }

    /**
     * Gives the supervised term's share of the gradient on a chosen log-probability where policy and reference agree,
     * so that all margins are 0: w·s/(β/2 + w·s), s being the weight of that log-probability in R.
     *
     * @param chosenTokens mean length of chosen completions, which counts unless R is of sums
     */
    public double shareAtReference(double chosenTokens) {
        double supervised = reduction == Reduction.SUM ? effectiveWeight() : effectiveWeight() / chosenTokens;
        return supervised / (beta / 2 + supervised);
    }

    @Override
    public String name() {
        return "rpo";
    }

    @Override
    public String describe() {
        return String.format(
                Locale.ROOT,
                "%s: beta %s, eta %s, %s of log-probabilities, effective weight %.4g",
                eta == 0 ? "DPO" : "RPO",
                beta,
                eta,
                reduction.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                effectiveWeight());
    }

    @Override
    public String title() {
        if (eta == 0) {
            return "DPO (η = 0)";
        }
        return "RPO η = " + (eta == Math.rint(eta) ? String.valueOf((long) eta) : String.valueOf(eta));
    }

    @Override
    public Needs needs() {
        return Needs.PAIR;
    }

    @Override
    public List<Metric> metrics() {
        return METRICS;
    }

    @Override
    public Map<Metric, Double> atReference() {
        return Map.of(Metrics.PREFERENCE_LOSS, Math.log(2));
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        PreferencePair pair = PreferencePair.of(example);
        PairOutcome outcome = evaluate(
                pair.chosen(),
                pair.rejected(),
                pair.referenceChosen(),
                pair.referenceRejected(),
                example.tokens()[0],
                batch);
        if (!example.regularized()) {
            outcome = outcome.withoutRegularizer(effectiveWeight() * regularizerShare(example.tokens()[0], batch));
        }
        Map<Metric, Double> values = pair.values(beta);
        values.put(Metrics.LOSS, outcome.preferenceLoss() + effectiveWeight() * outcome.regularizer());
        values.put(Metrics.PREFERENCE_LOSS, outcome.preferenceLoss());
        values.put(Metrics.SFT_LOSS, outcome.regularizer());
        values.put(Metrics.EFFECTIVE_WEIGHT, effectiveWeight());
        return new Outcome(new double[] {outcome.chosenCoefficient(), outcome.rejectedCoefficient()}, values);
    }

    /**
     * Computes what one pair adds to the loss of its batch, and the derivatives of the batch's loss by its two
     * log-probabilities.
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
        double preferenceSlope = beta * Logistic.sigmoid(-margin) / batch.pairs();
        double share = regularizerShare(chosenTokens, batch);
        return new PairOutcome(
                chosenReward,
                rejectedReward,
                -Logistic.logSigmoid(margin) / batch.pairs(),
                -chosen * share,
                -preferenceSlope - effectiveWeight() * share,
                preferenceSlope);
    }

    /** Tells how much of −log π(y⁺|x) enters R. */
    private double regularizerShare(int chosenTokens, BatchSize batch) {
        return switch (reduction) {
            case SUM -> 1.0 / batch.pairs();
            case SEQUENCE_MEAN -> 1.0 / chosenTokens / batch.pairs();
            case TOKEN_MEAN -> 1.0 / batch.chosenTokens();
        };
    }
}
