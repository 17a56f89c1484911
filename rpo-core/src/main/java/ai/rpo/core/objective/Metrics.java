package ai.rpo.core.objective;

import ai.rpo.core.objective.Metric.Better;
import ai.rpo.core.objective.Metric.Mean;
import ai.rpo.core.objective.Metric.Shown;

/** Names the metrics that several objectives share, as TRL does where it has them. */
public final class Metrics {

    /** The loss that training minimises. */
    public static final Metric LOSS = Metric.loss("loss");
    /** The mean of −log σ(margin). */
    public static final Metric PREFERENCE_LOSS = Metric.loss("loss/preference");
    /** The supervised term on the chosen completions, before its weight. */
    public static final Metric SFT_LOSS = Metric.loss("loss/sft");
    /** β·(log π(y⁺|x) − log π_ref(y⁺|x)). */
    public static final Metric CHOSEN_REWARD = Metric.of("rewards/chosen", Better.NEITHER);
    /** β·(log π(y⁻|x) − log π_ref(y⁻|x)). */
    public static final Metric REJECTED_REWARD = Metric.of("rewards/rejected", Better.NEITHER);
    /** The share of pairs with a margin above 0. */
    public static final Metric ACCURACY = new Metric("rewards/accuracies", Better.HIGHER, Mean.RATE, Shown.EVERYWHERE);
    /** The reward of the chosen completion minus that of the rejected one. */
    public static final Metric MARGIN = Metric.of("rewards/margins", Better.HIGHER);
    /** log π(y⁺|x). */
    public static final Metric CHOSEN_LOGPS = Metric.of("logps/chosen", Better.HIGHER);
    /** log π(y⁻|x). */
    public static final Metric REJECTED_LOGPS = Metric.of("logps/rejected", Better.NEITHER);
    /** The mean of |margin|: 0 where the policy is the reference. */
    public static final Metric ABSOLUTE_MARGIN =
            new Metric("rewards/absolute_margins", Better.NEITHER, Mean.OF_EXAMPLES, Shown.NOWHERE);
    /** The number that the supervised term is multiplied by. */
    public static final Metric EFFECTIVE_WEIGHT =
            new Metric("regularizer/effective_weight", Better.NEITHER, Mean.OF_EXAMPLES, Shown.IN_TRAINING);
    /** log π_ref(y⁺|x), which evaluation reports beside the objective's metrics. */
    public static final Metric REFERENCE_CHOSEN_LOGPS = Metric.of("reference_logps/chosen", Better.NEITHER);
    /** log π_ref(y⁻|x), likewise. */
    public static final Metric REFERENCE_REJECTED_LOGPS = Metric.of("reference_logps/rejected", Better.NEITHER);

    private Metrics() {}
}
