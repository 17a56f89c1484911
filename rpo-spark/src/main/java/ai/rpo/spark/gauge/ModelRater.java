package ai.rpo.spark.gauge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.rate.RateStage;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import java.util.List;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Has reward models rate.
 *
 * @param stage makes the stage that rates a folder of completions
 */
public record ModelRater(SparkSession spark, Function<Path, RateStage> stage) implements Rater {

    /** @throws RpoException where a completion has no reward, so that two policies' means would be of different prompts */
    @Override
    public List<Rated> rate(Path completions, Path output, Progress progress) {
        RateStage.Result result = stage.apply(completions).run(output, progress);
        if (result.leftOut() > 0) {
            throw RpoException.data("Cannot gauge: " + result.leftOut() + " of "
                    + (result.completions() + result.leftOut()) + " completions could not be rated; "
                    + new Path(output, "rejected") + " says why. Raise rpo.data.max-length, or lower"
                    + " rpo.generate.max-new-tokens, so that a prompt and its completion fit.");
        }
        List<Rated> rated = spark
                .read()
                .schema("ordinal bigint, reward double")
                .json(new Path(output, "ratings").toString())
                .collectAsList()
                .stream()
                .map(row -> new Rated(row.getLong(0), row.getDouble(1)))
                .toList();
        Path work = new Path(output, RateStage.WORK);
        new ArtifactDirectory(work, Fence.NONE, spark.sparkContext().hadoopConfiguration()).remove();
        return rated;
    }
}
