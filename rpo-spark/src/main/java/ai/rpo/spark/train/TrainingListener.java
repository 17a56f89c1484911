package ai.rpo.spark.train;

import java.util.List;
import java.util.Map;

/** Is told how training goes on, on the driver, between rounds. What it throws is logged and stops nothing. */
public interface TrainingListener {

    TrainingListener NONE = new TrainingListener() {};

    /**
     * Steps were taken.
     *
     * @param lines of {@code metrics.jsonl}, one a step
     */
    default void steps(List<Map<String, Object>> lines) {}

    /** A checkpoint is there, and {@code metrics.jsonl} up to its step. */
    default void checkpoint(long step) {}
}
