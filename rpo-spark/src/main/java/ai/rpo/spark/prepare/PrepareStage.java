package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Findings;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterators;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Reads rows of text or tokens, keeps those that can be trained on, and writes them as shards of token ids: {@code
 * train/} and {@code eval/} in {@link ai.rpo.spark.dataset.PairRows}' or {@link ai.rpo.spark.dataset.ExampleRows}'
 * columns, and {@code report.json}. Every row that is left out is written elsewhere with the reason. The rows and their
 * ordinals depend on the input alone, not on how Spark splits it.
 */
public final class PrepareStage {

    private static final long ROWS_A_PARTITION = 200_000;

    private final RowKind kind;
    private final DataSettings settings;
    private final TargetModel model;

    public PrepareStage(RowKind kind, DataSettings settings, TargetModel model) {
        this.kind = kind;
        this.settings = settings;
        this.model = model;
    }

    /**
     * @param output folder for {@code train/}, {@code eval/} and {@code report.json}
     * @param rejectedOutput folder for rows that are left out, as JSON lines; removed where there are none
     * @throws RpoException where inputs cannot be read, too many rows are unfit, or none is left
     */
    public Prepared run(SparkSession spark, Path output, Path rejectedOutput, Progress progress) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        PreparePlan plan = plan(hadoop);
        checkTokenizer();
        JavaRDD<Row> rows = outcomes(spark, plan);
        int tasks = rows.getNumPartitions(); // asking the data frame for them would compute it
        Dataset<Row> outcomes = spark.createDataFrame(rows, Outcomes.SCHEMA).persist(StorageLevel.DISK_ONLY());
        try {
            InputTally tally;
            try (TaskProgress bar = new TaskProgress(spark.sparkContext(), progress, "prepare", tasks)) {
                tally = InputTally.of(outcomes, plan.files());
            }
            return tally.waiting().rows() == 0
                    ? write(spark, plan, outcomes, tally, output, rejectedOutput)
                    : matchAndWrite(spark, plan, outcomes, tally, output, rejectedOutput);
        } catch (Exception e) {
            // Not only RuntimeException: Spark throws checked exceptions that Java is not told of.
            Optional<RpoException> ours = Unreadable.causeOf(e);
            if (ours.isPresent()) {
                throw ours.get();
            }
            throw e;
        } finally {
            outcomes.unpersist();
        }
    }

    /**
     * What {@link #run} would give, by looking at some rows; writes nothing.
     *
     * @param sampleRows that are looked at, if there are as many
     * @throws RpoException where inputs cannot be read
     */
    public DataEstimate estimate(SparkSession spark, int sampleRows) {
        PreparePlan plan = plan(spark.sparkContext().hadoopConfiguration());
        checkTokenizer();
        return new DataSample(spark, plan, sampleRows).estimate();
    }

    private PreparePlan plan(Configuration hadoop) {
        if (settings.train().isEmpty()) {
            throw RpoException.configuration(
                    "Cannot prepare data: no input is named. Give a file, a folder or a glob.");
        }
        int maxLength = settings.maxLength().orElse(model.contextLength());
        if (maxLength > model.contextLength()) {
            throw RpoException.configuration("Cannot prepare rows of up to " + maxLength
                    + " tokens: the model's context is " + model.contextLength() + ". Lower rpo.data.max-length.");
        }
        List<DataFile> files = files(hadoop);
        return new PreparePlan(
                kind,
                settings.format().orElse(null),
                settings.fields().names(),
                settings.ratedPairs(),
                settings.unpaired(),
                settings.evalFraction(),
                settings.onStraddle(),
                maxLength,
                Math.min(maxLength, settings.maxPromptLength().orElse(maxLength)),
                settings.truncation(),
                model,
                files);
    }

    private List<DataFile> files(Configuration hadoop) {
        FileInspector inspector = new FileInspector(hadoop);
        List<DataFile> files = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (boolean heldOut : new boolean[] {false, true}) {
            List<String> paths = heldOut ? settings.eval() : settings.train();
            for (FileStatus file : InputFiles.resolve(paths, hadoop).files()) {
                if (!seen.add(file.getPath())) {
                    throw RpoException.configuration("Cannot prepare data: " + file.getPath()
                            + " is named more than once among training and evaluation data. Name each file once.");
                }
                files.add(inspector.inspect(files.size(), file, heldOut));
            }
        }
        return List.copyOf(files);
    }

    /** A broken tokenizer is found here; a missing one may not be needed. */
    private void checkTokenizer() {
        if (Files.exists(model.folder().local().resolve("tokenizer.json"))) {
            ExecutorTokenizers.get(model);
        }
    }

    private static JavaRDD<Row> outcomes(SparkSession spark, PreparePlan plan) {
        SourceRows sources = new SourceRows(spark);
        JavaRDD<SourceRow> text = sources.ofText(plan.files());
        Optional<JavaRDD<SourceRow>> parquet = sources.ofParquet(plan.files());
        return parquet.map(text::union).orElse(text).mapPartitions(source -> {
            RowPreparer preparer = new RowPreparer(plan);
            return StreamSupport.stream(Spliterators.spliteratorUnknownSize(source, 0), false)
                    .flatMap(row -> preparer.prepare(row).stream())
                    .iterator();
        });
    }

    private Prepared matchAndWrite(
            SparkSession spark,
            PreparePlan plan,
            Dataset<Row> outcomes,
            InputTally tally,
            Path output,
            Path rejectedOutput) {
        Dataset<Row> matched =
                UnpairedRows.matched(outcomes, plan, partitions(spark, tally)).persist(StorageLevel.DISK_ONLY());
        try {
            return write(spark, plan, matched, tally.again(matched, plan.files()), output, rejectedOutput);
        } finally {
            matched.unpersist();
        }
    }

    private static int partitions(SparkSession spark, InputTally tally) {
        return (int) Math.max(spark.sparkContext().defaultParallelism(), tally.rows() / ROWS_A_PARTITION);
    }

    private Prepared write(
            SparkSession spark,
            PreparePlan plan,
            Dataset<Row> outcomes,
            InputTally tally,
            Path output,
            Path rejectedOutput) {
        Dataset<Row> placed = tally.joinOffsets(outcomes, spark);
        Repetition repetition = kind == RowKind.PAIRS
                ? Repetition.among(placed, plan.files(), settings.nearDuplicates(), partitions(spark, tally))
                : Repetition.NONE;

        // Written before the job may stop, since these say why.
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        new SmallFile(new Path(output, "report.json"), hadoop)
                .write(new PrepareReport(plan, tally, repetition).toJson());
        new RejectedRows(spark, plan, rejectedOutput)
                .write(placed, tally.findings().total());
        stopIfUnfit(tally, rejectedOutput);
        repetition.stopAbove(settings.limits(), tally);

        writeSplit(placed, Outcomes.TRAIN, tally.train(), output);
        writeSplit(placed, Outcomes.EVAL, tally.eval(), output);
        return new Prepared(
                tally.rows(),
                tally.train().rows(),
                tally.train().tokens(),
                tally.eval().rows(),
                tally.eval().tokens(),
                tally.findings().total());
    }

    private void stopIfUnfit(InputTally tally, Path rejectedOutput) {
        Findings findings = tally.findings();
        Findings.Finding straddling = findings.byReason().get(Reason.STRADDLING_TOKEN);
        if (settings.onStraddle() == StraddlePolicy.FAIL && straddling != null) {
            throw RpoException.data("Cannot prepare data: " + Reason.STRADDLING_TOKEN.description() + " in "
                    + straddling.count() + " rows, first at "
                    + straddling.examples().get(0)
                    + ". Mend the rows, or set rpo.data.on-straddle to separate or drop.");
        }
        if (tally.rejectedFraction() > settings.maxRejectedFraction()) {
            throw RpoException.data(String.format(
                    Locale.ROOT,
                    "Cannot prepare data: %d of %d rows are unfit, more than rpo.data.max-rejected-fraction = %s allows.\n%s\nMend the rows listed in %s, or raise the limit.",
                    findings.total(),
                    tally.rows(),
                    settings.maxRejectedFraction(),
                    findings.summary(),
                    rejectedOutput));
        }
        if (tally.train().rows() == 0) {
            throw RpoException.data("Cannot prepare data: no rows are left to train on out of " + tally.rows() + "."
                    + (findings.total() == 0 ? "" : "\n" + findings.summary() + "\n")
                    + " Check " + String.join(", ", settings.train()) + ".");
        }
        if (!settings.eval().isEmpty() && tally.eval().rows() == 0) {
            throw RpoException.data("Cannot prepare data: no rows are left to evaluate on." + " Check "
                    + String.join(", ", settings.eval()) + ".");
        }
    }

    private void writeSplit(Dataset<Row> placed, String split, SplitTally kept, Path output) {
        if (kept.rows() == 0) {
            return;
        }
        Dataset<Row> rows = placed.where(col("reason").isNull().and(col("split").equalTo(split)))
                .withColumn("ordinal", col("place").plus(col(split + "_before")))
                .withColumn("shard", ShardWriter.shard(col("tokens_before").plus(col(split + "_tokens_before"))))
                .withColumn(
                        "length",
                        col("prompt_tokens").plus(col("chosen_tokens")).plus(coalesce(col("rejected_tokens"), lit(0))));
        Dataset<Row> columns =
                switch (kind) {
                    case PAIRS ->
                        rows.select(
                                "shard",
                                "length",
                                "ordinal",
                                "prompt_ids",
                                "chosen_ids",
                                "rejected_ids",
                                "ref_chosen_logps",
                                "ref_rejected_logps");
                    case EXAMPLES ->
                        rows.select(
                                col("shard"),
                                col("length"),
                                col("ordinal"),
                                col("prompt_ids"),
                                col("chosen_ids").as("completion_ids"));
                };
        ShardWriter.write(columns, kept.tokens(), new Path(output, split));
    }
}
