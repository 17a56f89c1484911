package ai.rpo.spark.rate;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.reward.Aggregate;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.dataset.ParquetShards;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.ExampleSource;
import ai.rpo.spark.prepare.KeyedPlaces;
import ai.rpo.spark.prepare.NumberedRows;
import ai.rpo.spark.prepare.TargetModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.reference.ScoreStage;
import ai.rpo.spark.reference.ScoredRows;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Gives completions their rewards. The output folder gets {@code ratings/}, JSON lines of {@code ordinal, sample, reward,
 * rewards} in the order of the rows, and {@code rejected/} with the rows that are left out. A model's number for a row is a
 * score like any other, kept under its key, so an interrupted or extended job computes what is missing.
 */
public final class RateStage {

    /** Names the folder of the output that is of use only until the ratings are there. */
    public static final String WORK = "work";

    /** Keeps so many rows in one file, which is easier to look at than several. */
    private static final long ROWS_IN_ONE_FILE = 100_000;

    private static final StructType RATED = new StructType()
            .add("place", DataTypes.LongType)
            .add("prompt_ids", DataTypes.createArrayType(DataTypes.IntegerType))
            .add("ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("reward", DataTypes.DoubleType)
            .add("rewards", DataTypes.createArrayType(DataTypes.DoubleType));

    private final SparkSession spark;
    private final RewardSource source;
    private final TemplateChoice chatTemplate;
    private final DataSettings data;
    private final ScoreSettings scoring;
    private final RateSettings settings;
    private final Path cache;

    /**
     * @param chatTemplate how conversations are written for the models
     * @param data how rows are read and cut
     * @param cache folder of scores, of these models and others
     */
    public RateStage(
            SparkSession spark,
            RewardSource source,
            TemplateChoice chatTemplate,
            DataSettings data,
            ScoreSettings scoring,
            RateSettings settings,
            Path cache) {
        this.spark = spark;
        this.source = source;
        this.chatTemplate = chatTemplate;
        this.data = data;
        this.scoring = scoring;
        this.settings = settings;
        this.cache = cache;
    }

    /**
     * @param completions that have a reward
     * @param leftOut rows that are no completion
     * @param reward of a completion, a mean with its interval
     * @param prompts with several completions
     * @param bestOf what the best of several completions is worth; empty where no prompt has several
     */
    public record Result(long completions, long leftOut, Estimate reward, long prompts, List<BestOf> bestOf) {}

    /**
     * @throws RpoException where rows cannot be read or none has a completion, or where a reward is not finite
     */
    public Result run(Path output, Progress progress) {
        Path work = new Path(output, WORK);
        Path rows = new Path(work, "completions");
        Read read = read(rows, new Path(output, "rejected"));
        Dataset<Row> scored = ParquetShards.read(spark, rows, CompletionReader.SCHEMA);
        requireDistinct(scored);
        for (int m = 0; m < source.models().size(); m++) {
            LocalModel model = source.models().get(m);
            Path scores = new Path(work, "model-" + m);
            ScoreStage.Result result = new ScoreStage(spark, model, scoring, cache)
                    .score(new ScoreStage.Request(ScoredRows.EXAMPLES, rows, scores, false, work, 1), progress);
            Dataset<Row> column = ParquetShards.read(spark, scores, ScoredRows.EXAMPLES.scored(false))
                    .select(col("ordinal"), col("logp").as("score_" + m));
            requireFinite(scored, column, model, result);
            scored = scored.join(column, "ordinal");
        }
        Dataset<Row> rated = rated(scored, read.kept()).persist(StorageLevel.DISK_ONLY());
        try {
            rated.drop("place", "prompt_ids").write().mode("overwrite").json(new Path(output, "ratings").toString());
            return figures(rated, read.leftOut());
        } finally {
            rated.unpersist();
        }
    }

    /** Counts the rows of either kind. */
    private record Read(long kept, long leftOut) {}

    private Read read(Path kept, Path rejected) {
        ExampleSource examples =
                ExampleSource.of(data, TargetModel.of(source.models().get(0), chatTemplate));
        CompletionReader reader = new CompletionReader(examples, settings.tokenizeAgain());
        JavaRDD<Row> rows = NumberedRows.read(spark, settings.completions(), KeyedPlaces.NAMES)
                .mapPartitions(reader::read);
        Dataset<Row> all = spark.createDataFrame(rows, CompletionReader.SCHEMA).persist(StorageLevel.DISK_ONLY());
        try {
            Row counts = all.agg(count(lit(1)).as("rows"), count("left_out")).first();
            long count = counts.getLong(0);
            long leftOut = counts.getLong(1);
            if (leftOut > 0) {
                all.where(col("left_out").isNotNull())
                        .select("left_out")
                        .write()
                        .mode("overwrite")
                        .text(rejected.toString());
            }
            requireSome(count, leftOut, rejected);
            all.where(col("left_out").isNull()).write().mode("overwrite").parquet(kept.toString());
            return new Read(count - leftOut, leftOut);
        } finally {
            all.unpersist();
        }
    }

    private void requireSome(long rows, long leftOut, Path rejected) {
        if (rows == leftOut) {
            throw RpoException.data("Cannot rate " + named() + ": none of " + rows
                    + " rows has a prompt with one completion"
                    + (rows == 0
                            ? "."
                            : "; " + rejected + " says why. A row needs prompt and completion, or prompt_ids and"
                                    + " completion_ids of the model's vocabulary."));
        }
    }

    /** Ratings are told apart by what generate calls the rows. */
    private void requireDistinct(Dataset<Row> rows) {
        List<Row> twice = rows.groupBy(
                        coalesce(col("prompt_ordinal"), col("ordinal")).as("named"), col("sample"))
                .count()
                .where(col("count").gt(1))
                .limit(1)
                .collectAsList();
        if (!twice.isEmpty()) {
            throw RpoException.data("Cannot rate " + named() + " at once: several rows have ordinal "
                    + twice.get(0).get(0)
                    + (twice.get(0).isNullAt(1)
                            ? ""
                            : " and sample " + twice.get(0).get(1))
                    + ", so that nobody could tell their ratings apart. Rate the files one by one, each with an rpo.output"
                    + " of its own.");
        }
    }

    private void requireFinite(Dataset<Row> rows, Dataset<Row> scores, LocalModel model, ScoreStage.Result result) {
        if (result.notFinite() > 0) {
            Row first = rows.join(scores, rows.col("ordinal").equalTo(scores.col("ordinal")), "left_anti")
                    .orderBy("ordinal")
                    .select("line", "file")
                    .first();
            throw RpoException.data("Cannot rate with " + model.uri() + ": its number for the completion in row "
                    + first.get(0) + " of " + first.get(1) + " is not finite, and " + (result.notFinite() - 1)
                    + " more are not. Check the model's weights.");
        }
    }

    private String named() {
        return String.join(", ", settings.completions());
    }

    private Dataset<Row> rated(Dataset<Row> scored, long completions) {
        RewardSource from = source;
        int models = source.models().size();
        Aggregate aggregate = settings.aggregate();
        double weight = settings.varianceWeight();
        JavaRDD<Row> rated = scored.javaRDD().map(row -> {
            double[] scores = new double[models];
            Arrays.setAll(scores, m -> row.getAs("score_" + m));
            double[] rewards = from.rewards(scores);
            Long given = row.getAs("prompt_ordinal");
            long place = row.getAs("ordinal");
            return RowFactory.create(
                    place,
                    row.getAs("prompt_ids"),
                    given == null ? place : given,
                    row.getAs("sample"),
                    aggregate.of(rewards, weight),
                    rewards);
        });
        Dataset<Row> unordered = spark.createDataFrame(rated, RATED);
        return completions <= ROWS_IN_ONE_FILE
                ? unordered.repartition(1).sortWithinPartitions("place")
                : unordered.orderBy("place");
    }

    private static Result figures(Dataset<Row> rated, long leftOut) {
        List<double[]> byPrompt = rated
                .groupBy("prompt_ids")
                .agg(collect_list("reward"))
                .select("collect_list(reward)")
                .collectAsList()
                .stream()
                .map(row -> row.<Double>getList(0).stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray())
                .toList();
        double[] all = byPrompt.stream().flatMapToDouble(Arrays::stream).toArray();
        List<double[]> several =
                byPrompt.stream().filter(rewards -> rewards.length > 1).toList();
        return new Result(all.length, leftOut, Estimate.ofMean(all), several.size(), BestOf.figures(several));
    }
}
