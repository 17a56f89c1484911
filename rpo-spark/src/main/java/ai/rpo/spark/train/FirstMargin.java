package ai.rpo.spark.train;

import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.objective.Metrics;
import java.io.Serializable;

/**
 * Checks the first step: at the first step of a run that scored its own starting weights every margin is 0
 * (docs/math.md, 5); a larger one means a wrong reference, wrong tokens or lost precision.
 *
 * @param limit largest mean |margin| allowed, or infinity where the references come from elsewhere
 */
record FirstMargin(double limit) implements Serializable {

    /** Null if the step is as it should be. */
    String problem(long step, StepMetrics metrics) {
        double margin = metrics.mean(Metrics.ABSOLUTE_MARGIN);
        if (step > 0 || Double.isNaN(margin) || margin <= limit) {
            return null;
        }
        return "the mean |margin| of the first step is " + margin + ", above " + limit
                + ", though the reference is the starting model. The reference log-probabilities belong to other weights,"
                + " other tokens or another precision; score the data again";
    }
}
