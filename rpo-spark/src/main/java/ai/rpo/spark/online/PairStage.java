package ai.rpo.spark.online;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;

import ai.rpo.core.reward.Pairing;
import ai.rpo.core.reward.Pairing.Choice;
import ai.rpo.core.reward.Pairing.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Pairs the samples of each prompt by their ratings. The output folder gets JSON lines of
 * {@code prompt_ids, chosen_ids, rejected_ids, chosen_reward, rejected_reward}, which {@code prepare} reads, in the
 * prompts' order.
 */
public final class PairStage {

    private static final DataType IDS = DataTypes.createArrayType(DataTypes.IntegerType, false);

    /** Has, of what {@code generate} writes, what is needed here. */
    private static final StructType COMPLETIONS = new StructType()
            .add("ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("prompt_ids", IDS)
            .add("completion_ids", IDS);

    private static final StructType RATINGS = new StructType()
            .add("ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("reward", DataTypes.DoubleType);

    private static final StructType PAIRS = new StructType()
            .add("ordinal", DataTypes.LongType)
            .add("outcome", DataTypes.StringType)
            .add("all_rewards", DataTypes.createArrayType(DataTypes.DoubleType, false))
            .add("prompt_ids", IDS)
            .add("chosen_ids", IDS)
            .add("rejected_ids", IDS)
            .add("chosen_reward", DataTypes.DoubleType)
            .add("rejected_reward", DataTypes.DoubleType);

    private final SparkSession spark;
    private final Pairing pairing;

    public PairStage(SparkSession spark, Pairing pairing) {
        this.spark = spark;
        this.pairing = pairing;
    }

    /**
     * Counts prompts by what came of their samples.
     *
     * @param reward of all samples, their mean
     * @param lowest of all samples; NaN, as the other rewards, where there is none
     * @param highest of all samples
     * @param chosenReward a mean over the pairs
     * @param rejectedReward a mean over the pairs
     */
    public record Result(
            Map<Outcome, Long> prompts,
            double reward,
            double lowest,
            double highest,
            double chosenReward,
            double rejectedReward) {

        public long pairs() {
            return prompts.getOrDefault(Outcome.PAIRED, 0L);
        }
    }

    /**
     * Makes the pairs.
     *
     * @param completions JSON lines that {@code generate} wrote
     * @param ratings JSON lines that {@code rate} wrote of them
     * @param output folder of the pairs
     */
    public Result run(Path completions, Path ratings, Path output) {
        Pairing chosenBy = pairing;
        Dataset<Row> samples = spark.read()
                .schema(COMPLETIONS)
                .json(completions.toString())
                .where(col("completion_ids").isNotNull())
                .join(
                        spark.read().schema(RATINGS).json(ratings.toString()),
                        new String[] {"ordinal", "sample"},
                        "left");
        Dataset<Row> prompts = samples.groupBy("ordinal")
                .agg(
                        first("prompt_ids").as("prompt_ids"),
                        sort_array(collect_list(struct("sample", "reward", "completion_ids")))
                                .as("samples"));
        Dataset<Row> pairs = spark.createDataFrame(prompts.javaRDD().map(prompt -> pair(prompt, chosenBy)), PAIRS)
                .persist(StorageLevel.DISK_ONLY());
        try {
            pairs.where(col("outcome").equalTo(Outcome.PAIRED.name()))
                    .orderBy("ordinal")
                    .drop("ordinal", "outcome", "all_rewards")
                    .write()
                    .mode("overwrite")
                    .json(output.toString());
            return summary(pairs);
        } finally {
            pairs.unpersist();
        }
    }

    /** A sample without a rating was left out by {@code rate}, which says why. */
    private static Row pair(Row prompt, Pairing pairing) {
        List<int[]> completions = new ArrayList<>();
        List<Double> rewards = new ArrayList<>();
        for (Row sample : prompt.<Row>getList(prompt.fieldIndex("samples"))) {
            if (!sample.isNullAt(1)) {
                rewards.add(sample.getDouble(1));
                completions.add(sample.<Integer>getList(2).stream()
                        .mapToInt(Integer::intValue)
                        .toArray());
            }
        }
        Choice choice =
                pairing.of(rewards.stream().mapToDouble(Double::doubleValue).toArray(), completions);
        boolean paired = choice.outcome() == Outcome.PAIRED;
        return RowFactory.create(
                prompt.getAs("ordinal"),
                choice.outcome().name(),
                rewards.toArray(),
                prompt.getAs("prompt_ids"),
                paired ? completions.get(choice.chosen()) : null,
                paired ? completions.get(choice.rejected()) : null,
                paired ? rewards.get(choice.chosen()) : null,
                paired ? rewards.get(choice.rejected()) : null);
    }

    private static Result summary(Dataset<Row> pairs) {
        Map<Outcome, Long> prompts = new EnumMap<>(Outcome.class);
        for (Row row : pairs.groupBy("outcome").agg(count(lit(1))).collectAsList()) {
            prompts.put(Outcome.valueOf(row.getString(0)), row.getLong(1));
        }
        Row rewards = pairs.select(explode(col("all_rewards")).as("reward"))
                .agg(avg("reward"), min("reward"), max("reward"))
                .first();
        Row paired = pairs.agg(avg("chosen_reward"), avg("rejected_reward")).first();
        return new Result(
                prompts,
                number(rewards, 0),
                number(rewards, 1),
                number(rewards, 2),
                number(paired, 0),
                number(paired, 1));
    }

    private static double number(Row row, int column) {
        return row.isNullAt(column) ? Double.NaN : row.getDouble(column);
    }
}
