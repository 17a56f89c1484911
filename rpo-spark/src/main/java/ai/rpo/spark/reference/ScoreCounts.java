package ai.rpo.spark.reference;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * Rows that tasks have come across.
 *
 * @param rows all of them
 * @param given brought their score
 * @param reused had been scored before
 * @param computed by a task
 * @param notFinite left out, since their score is no number
 * @param tokens computed, each prompt once
 */
record ScoreCounts(
        LongAccumulator rows,
        LongAccumulator given,
        LongAccumulator reused,
        LongAccumulator computed,
        LongAccumulator notFinite,
        LongAccumulator tokens)
        implements Serializable {

    static ScoreCounts in(SparkContext spark) {
        return new ScoreCounts(
                spark.longAccumulator("rows"),
                spark.longAccumulator("given"),
                spark.longAccumulator("reused"),
                spark.longAccumulator("computed"),
                spark.longAccumulator("not finite"),
                spark.longAccumulator("tokens"));
    }
}
