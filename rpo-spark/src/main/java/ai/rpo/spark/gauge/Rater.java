package ai.rpo.spark.gauge;

import ai.rpo.core.Progress;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** Says how good a policy's completions are. */
@FunctionalInterface
public interface Rater {

    /**
     * The reward of one completion.
     *
     * @param prompt ordinal of the prompt's row
     */
    record Rated(long prompt, double reward) {}

    /**
     * Rates what a policy generated, as far as it can be rated.
     *
     * @param completions folder of JSON lines, as {@code generate} writes them
     * @param output folder for whatever the rating leaves
     */
    List<Rated> rate(Path completions, Path output, Progress progress);
}
