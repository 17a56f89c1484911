package ai.rpo.spark.train;

import ai.rpo.core.objective.Metric;
import java.util.ArrayList;
import java.util.List;

/**
 * Says what is found out about checkpoints, and which of them becomes the model.
 *
 * @param measures that are taken of each checkpoint
 * @param by the name of one of their numbers; empty to take the last checkpoint
 * @param better which way that number is better
 * @param patience checkpoints in a row that do not improve on the best, after which training stops; 0 to go on to the
 *     end
 */
public record CheckpointChoice(List<CheckpointMeasure> measures, String by, Metric.Better better, int patience) {

    /** Takes the last checkpoint, and measures none. */
    public static final CheckpointChoice LAST = last(List.of());

    public CheckpointChoice {
        measures = List.copyOf(measures);
    }

    /** Takes the last checkpoint, whatever is measured. */
    public static CheckpointChoice last(List<CheckpointMeasure> measures) {
        return new CheckpointChoice(measures, "", Metric.Better.NEITHER, 0);
    }

    /** Gives the same choice with one more measure. */
    public CheckpointChoice and(CheckpointMeasure measure) {
        List<CheckpointMeasure> more = new ArrayList<>(measures);
        more.add(measure);
        return new CheckpointChoice(more, by, better, patience);
    }

    /** Turns the number that is chosen by into something to be lowered. */
    double cost(double value) {
        return better == Metric.Better.HIGHER ? -value : value;
    }
}
