package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Findings;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.spark.store.SmallFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Spliterators;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * One run of {@link PrepareStage}: reads and tokenises each row once, keeps what became of it on the executors' disks,
 * counts, and then writes, when each row's place is known.
 *
 * @param output folder for {@code train/}, {@code eval/} and {@code report.json}
 * @param rejectedOutput folder for rows that are left out
 */
record PrepareJob(
        SparkSession spark,
        PreparePlan plan,
        DataSettings settings,
        Path output,
        Path rejectedOutput,
        Progress progress) {

    private static final long ROWS_A_PARTITION = 200_000;

    Prepared run() {
        JavaRDD<Row> rows = rows();
        int tasks = rows.getNumPartitions(); // asking the data frame for them would compute it
        Dataset<Row> outcomes = spark.createDataFrame(rows, Outcomes.SCHEMA).persist(StorageLevel.DISK_ONLY());
        try {
            InputTally tally = during("prepare", tasks, () -> InputTally.of(outcomes, plan.files()));
            return tally.waiting().rows() == 0 ? write(outcomes, tasks, tally) : matchAndWrite(outcomes, tally);
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

    private JavaRDD<Row> rows() {
        SourceRows sources = new SourceRows(spark);
        JavaRDD<SourceRow> text = sources.ofText(plan.files());
        Optional<JavaRDD<SourceRow>> parquet = sources.ofParquet(plan.files());
        PreparePlan ours = plan; // tasks get this and not the whole job
        return parquet.map(text::union).orElse(text).mapPartitions(source -> {
            RowPreparer preparer = new RowPreparer(ours);
            return StreamSupport.stream(Spliterators.spliteratorUnknownSize(source, 0), false)
                    .flatMap(row -> preparer.prepare(row).stream())
                    .iterator();
        });
    }

    private Prepared matchAndWrite(Dataset<Row> outcomes, InputTally tally) {
        int tasks = partitions(tally);
        Dataset<Row> matched = UnpairedRows.matched(outcomes, plan, tasks).persist(StorageLevel.DISK_ONLY());
        try {
            return write(matched, tasks, tally.again(matched, plan.files()));
        } finally {
            matched.unpersist();
        }
    }

    private int partitions(InputTally tally) {
        return (int) Math.max(spark.sparkContext().defaultParallelism(), tally.rows() / ROWS_A_PARTITION);
    }

    /** @param tasks that it takes to read the outcomes */
    private Prepared write(Dataset<Row> outcomes, int tasks, InputTally tally) {
        Dataset<Row> placed = tally.joinOffsets(outcomes, spark);
        Repetition repetition = plan.kind() == RowKind.PAIRS ? repetition(placed, tasks, tally) : Repetition.NONE;

        // Written before the job may stop, since these say why.
        new SmallFile(new Path(output, "report.json"), spark.sparkContext().hadoopConfiguration())
                .write(new PrepareReport(plan, tally, repetition, coverage(placed, tasks, tally)).toJson());
        new RejectedRows(spark, plan, rejectedOutput)
                .write(placed, tally.findings().total());
        stopIfUnfit(tally);
        repetition.stopAbove(settings.limits(), tally);
        new RowKey(plan.key()).check(placed);

        writeSplit(placed, tasks, Outcomes.TRAIN, tally.train());
        writeSplit(placed, tasks, Outcomes.EVAL, tally.eval());
        return new Prepared(
                tally.rows(),
                tally.train().rows(),
                tally.train().tokens(),
                tally.eval().rows(),
                tally.eval().tokens(),
                tally.findings().total());
    }

    private Repetition repetition(Dataset<Row> placed, int tasks, InputTally tally) {
        int partitions = partitions(tally);
        return during(
                "compare",
                tasks + partitions,
                () -> Repetition.among(placed, plan.files(), settings.nearDuplicates(), partitions));
    }

    private Optional<TokenCoverage> coverage(Dataset<Row> placed, int tasks, InputTally tally) {
        boolean pairs = plan.kind() == RowKind.PAIRS && tally.train().rows() > 0;
        int vocabulary = plan.model().vocabularySize();
        return pairs
                ? Optional.of(during("cover", tasks, () -> TokenCoverage.of(placed, vocabulary)))
                : Optional.empty();
    }

    private void stopIfUnfit(InputTally tally) {
        Findings findings = tally.findings();
        Findings.Finding straddling = findings.byReason().get(Reason.STRADDLING_TOKEN);
        if (settings.onStraddle() == StraddlePolicy.FAIL && straddling != null) {
            throw RpoException.data("Cannot prepare data: " + Reason.STRADDLING_TOKEN.description() + " in "
                    + straddling.count() + " rows, first at "
                    + straddling.examples().get(0)
                    + ". Mend the rows, or set rpo.data.on-straddle to separate or drop.");
        }
        if (tally.rejectedFraction() > settings.maxRejectedFraction()) {
            throw RpoException.data("Cannot prepare data: " + findings.total() + " of " + tally.rows()
                    + " rows are unfit, more than rpo.data.max-rejected-fraction = " + settings.maxRejectedFraction()
                    + " allows.\n" + findings.summary() + "\nMend the rows listed in " + rejectedOutput
                    + ", or raise the limit.");
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

    private void writeSplit(Dataset<Row> placed, int tasks, String split, SplitTally kept) {
        if (kept.rows() == 0) {
            return;
        }
        Dataset<Row> rows = placed.where(col("reason").isNull().and(col("split").equalTo(split)))
                .withColumn("ordinal", col("place").plus(col(split + "_before")))
                .withColumn("shard", ShardWriter.shard(col("tokens_before").plus(col(split + "_tokens_before"))))
                .withColumn(
                        "length",
                        col("prompt_tokens").plus(col("chosen_tokens")).plus(coalesce(col("rejected_tokens"), lit(0))));
        Dataset<Row> columns = rows.select(columns(placed));
        during("write " + split, tasks + ShardWriter.shards(kept.tokens()), () -> {
            ShardWriter.write(columns, kept.tokens(), new Path(output, split));
            return split;
        });
    }

    /** Selects what is written, and before them what says where it goes. */
    private Column[] columns(Dataset<Row> placed) {
        List<Column> columns = new ArrayList<>(List.of(col("shard"), col("length"), col("ordinal"), col("prompt_ids")));
        if (plan.kind() == RowKind.EXAMPLES) {
            columns.add(col("chosen_ids").as("completion_ids"));
        } else {
            Stream.of("chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps")
                    .forEach(name -> columns.add(col(name)));
            if (plan.hasMargins()) {
                columns.add(col("margin"));
            }
        }
        new RowKey(plan.key()).columns(placed, plan.files()).forEach(columns::add);
        return columns.toArray(Column[]::new);
    }

    private <T> T during(String what, int tasks, Supplier<T> work) {
        try (TaskProgress bar = new TaskProgress(spark.sparkContext(), progress, what, tasks)) {
            return work.get();
        }
    }
}
