package ai.rpo.core.objective;

/**
 * Holds the log-probabilities of one example's completions, in nats, as an {@link Objective} sees them; or what a reward model
 * gives them.
 *
 * @param policy log π(y|x) of each completion, summed over its tokens; empty where a reward model is trained
 * @param reference log π_ref(y|x) of each completion; empty where the objective needs none
 * @param rewards of each completion; empty where the objective needs none
 * @param margin by how much the data say that the first completion is better than the second; 0 where they do not say
 * @param regularized whether a supervised term on chosen completions counts this one
 * @param tokens tokens of each completion, EOS included
 * @param policyTokens log π of each token, completion after completion; empty where the objective needs none
 */
public record ExampleLogps(
        double[] policy,
        double[] reference,
        double[] rewards,
        double margin,
        boolean regularized,
        int[] tokens,
        double[] policyTokens) {

    private static final double[] NONE = {};

    /** Makes a preference pair, chosen before rejected. */
    public static ExampleLogps pair(
            double chosen,
            double rejected,
            double referenceChosen,
            double referenceRejected,
            int chosenTokens,
            int rejectedTokens) {
        return new ExampleLogps(
                new double[] {chosen, rejected},
                new double[] {referenceChosen, referenceRejected},
                NONE,
                0,
                true,
                new int[] {chosenTokens, rejectedTokens},
                NONE);
    }
}
