package ai.rpo.spark.reference;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ScoreIdentity;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.PolledProgress;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Adds a model's log-probabilities to prepared rows, or a reward model's rewards in their place. Rows that brought
 * their own keep them, rows that a {@link ScoreStore} knows are not computed again. A row whose log-probabilities are
 * no finite numbers is left out, counted and written elsewhere.
 */
public final class ScoreStage {

    private static final int PARTITIONS_PER_SLOT = 4;
    private static final int FEWEST_ROWS = 64;

    private final SparkSession spark;
    private final LocalModel model;
    private final ScoreSettings settings;
    private final ScoreStore store;

    /** @param cache folder of scores, of this model and others; made where it is missing */
    public ScoreStage(SparkSession spark, LocalModel model, ScoreSettings settings, Path cache) {
        this.spark = spark;
        this.model = model;
        this.settings = settings;
        ModelDirectory opened = model.open();
        String adapter = opened.adapter().isPresent() ? opened.weightsFingerprint() : "";
        ScoreIdentity identity =
                new ScoreIdentity(opened.withoutAdapter().weightsFingerprint(), adapter, settings.precision());
        this.store = ScoreStore.open(cache, identity, spark.sparkContext().hadoopConfiguration());
    }

    /**
     * Says what is to be scored.
     *
     * @param prepared folder of rows
     * @param output folder for the same rows with their scores
     * @param perToken whether each token's log-probability is written too
     * @param unfit folder for files {@code score-…} of the rows that are left out
     * @param maxUnfitFraction share of the rows above which leaving rows out stops the job
     * @param key further columns, which are written with the scores
     */
    public record Request(
            ScoredRows kind,
            Path prepared,
            Path output,
            boolean perToken,
            Path unfit,
            double maxUnfitFraction,
            List<String> key) {

        /** Scores rows without a key. */
        public Request(
                ScoredRows kind, Path prepared, Path output, boolean perToken, Path unfit, double maxUnfitFraction) {
            this(kind, prepared, output, perToken, unfit, maxUnfitFraction, List.of());
        }

        /** Such as {@code train}. */
        private String split() {
            return new Path(prepared.toString()).getName(); // a URI may end in a slash, and then has no name
        }
    }

    /**
     * @param rows that were read
     * @param given rows that brought their score
     * @param reused rows that had been scored before
     * @param computed rows that were scored now
     * @param notFinite rows left out, since their log-probabilities are no finite numbers
     * @param tokensComputed of the rows scored now, each prompt once
     * @param seconds the stage took
     */
    public record Result(
            long rows, long given, long reused, long computed, long notFinite, long tokensComputed, double seconds) {

        /** Rows that were written. */
        public long scored() {
            return rows - notFinite;
        }
    }

    /**
     * @throws RpoException if too many rows have no finite log-probability
     */
    public Result run(Request request, Progress progress) {
        Result result = score(request, progress);
        stopIfUnfit(request, result);
        return result;
    }

    /** Scores rows, however many have no finite score. */
    public Result score(Request request, Progress progress) {
        long start = System.nanoTime();
        String split = request.split();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        UnfitScores.delete(request.unfit(), split, hadoop);

        Cores cores = Cores.of(spark);
        StructType key = key(request);
        Dataset<Row> prepared = ParquetShards.read(
                spark, request.prepared(), with(request.kind().prepared(), key));
        long total = prepared.count(); // known from the files' footers
        JavaRDD<Row> rows = spread(request.kind(), prepared.javaRDD(), total, cores);
        ScoreCounts counts = ScoreCounts.in(spark.sparkContext());
        ScoreJob job = new ScoreJob(
                request.kind(),
                model,
                settings,
                request.perToken(),
                cores.threads(rows.getNumPartitions()),
                store,
                counts,
                request.unfit().toString(),
                split,
                new SerializableConfiguration(hadoop));
        try (PolledProgress polled =
                new PolledProgress(spark.sparkContext(), progress, "score " + split, counts.rows(), total)) {
            spark.createDataFrame(job.score(spark, rows), with(request.kind().scored(request.perToken()), key))
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(request.output().toString());
        }
        return new Result(
                counts.rows().value(),
                counts.given().value(),
                counts.reused().value(),
                counts.computed().value(),
                counts.notFinite().value(),
                counts.tokens().value(),
                (System.nanoTime() - start) / 1e9);
    }

    /** The columns of the key, in the types in which the preparation wrote them. */
    private StructType key(Request request) {
        StructType key = new StructType();
        if (request.key().isEmpty()) {
            return key;
        }
        StructType there = spark.read()
                .option("pathGlobFilter", "*.parquet")
                .parquet(request.prepared().toString())
                .schema();
        for (String name : request.key()) {
            key = key.add(there.apply(name));
        }
        return key;
    }

    private static StructType with(StructType columns, StructType more) {
        StructType all = columns;
        for (StructField column : more.fields()) {
            all = all.add(column);
        }
        return all;
    }

    /** Enough partitions that no core waits long for the last of them; shards are made of equally many tokens. */
    private static JavaRDD<Row> spread(ScoredRows kind, JavaRDD<Row> rows, long count, Cores cores) {
        int wanted = Math.toIntExact(
                Math.max(cores.slots(), Math.min(PARTITIONS_PER_SLOT * (long) cores.slots(), count / FEWEST_ROWS)));
        return rows.getNumPartitions() >= wanted ? rows : new Neighbours(kind).repartition(rows, wanted);
    }

    private void stopIfUnfit(Request request, Result result) {
        if (result.notFinite() > request.maxUnfitFraction() * result.rows()
                || result.rows() > 0 && result.scored() == 0) {
            throw RpoException.data("Cannot use the scores of " + request.prepared() + " under " + model.uri() + ": "
                    + result.notFinite() + " of " + result.rows()
                    + " rows have log-probabilities that are not finite, more than rpo.data.max-rejected-fraction = "
                    + request.maxUnfitFraction() + " allows. Check the model's weights, and the rows listed in "
                    + new Path(request.unfit(), UnfitScores.names(request.split())) + ".");
        }
    }
}
