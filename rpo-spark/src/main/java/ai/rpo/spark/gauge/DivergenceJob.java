package ai.rpo.spark.gauge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.score.Divergence;
import ai.rpo.core.score.DivergenceScorer;
import ai.rpo.spark.dataset.TokenIds;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/** Measures the divergence of a policy from its reference along completions, on the executors. */
final class DivergenceJob {

    private static final String COLUMNS =
            "ordinal bigint, prompt_ids array<int>, completion_ids array<int>, turns array<string>";

    private final SparkSession spark;
    private final ScoreSettings settings;

    DivergenceJob(SparkSession spark, ScoreSettings settings) {
        this.spark = spark;
        this.settings = settings;
    }

    /**
     * Is what became of one completion.
     *
     * @param prompt ordinal of the prompt's row
     * @param tokens of the completion
     */
    record Measured(long prompt, int tokens, Divergence divergence) implements Serializable {}

    private record Sampled(long prompt, Example example) implements Serializable {

        int rows() {
            return example.packedRows();
        }
    }

    /**
     * @param completions folder of what the policy generated, as JSON lines
     * @throws RpoException where prompts are conversations that go on, or a divergence is not finite
     */
    List<Measured> run(DivergenceRole.Models models, Path completions, Progress progress) {
        JavaRDD<Row> rows = Cores.of(spark)
                .spread(spark.read()
                        .schema(COLUMNS)
                        .json(completions.toString())
                        .javaRDD());
        JavaRDD<Sampled> samples = rows.map(DivergenceJob::sampled).cache();
        try {
            long total = samples.count();
            LongAccumulator done = spark.sparkContext().longAccumulator("measured completions");
            int threads = Cores.of(spark).threads(samples.getNumPartitions());
            ScoreSettings scoring = settings;
            try (PolledProgress polled =
                    new PolledProgress(spark.sparkContext(), progress, "divergence", done, total)) {
                return samples.mapPartitions(part -> measured(part, models, scoring, threads, done))
                        .collect();
            }
        } finally {
            samples.unpersist();
        }
    }

    private static Sampled sampled(Row row) {
        if (row.isNullAt(2)) {
            throw RpoException.data(
                    "Cannot gauge with the prompt of row " + row.getLong(0) + ": it is a conversation of"
                            + " several turns, whose answers are no one completion. Leave such rows out of rpo.gauge.prompts.");
        }
        return new Sampled(row.getLong(0), new Example(TokenIds.of(row, 1), List.of(TokenIds.of(row, 2))));
    }

    private static Iterator<Measured> measured(
            Iterator<Sampled> samples,
            DivergenceRole.Models models,
            ScoreSettings settings,
            int threads,
            LongAccumulator done) {
        List<Measured> measured = new ArrayList<>();
        if (!samples.hasNext()) {
            return measured.iterator();
        }
        DivergenceRole role = new DivergenceRole(models, settings.precision(), threads);
        try (Loan<DivergenceScorer> loan = ExecutorRuntime.ofThisJvm().borrow(role)) {
            new MicroBatches<>(samples, Sampled::rows, settings.tokensPerBatch()).forEachRemaining(batch -> {
                List<Divergence> divergences = loan.worker()
                        .measure(batch.stream().map(Sampled::example).toList());
                for (int i = 0; i < batch.size(); i++) {
                    measured.add(finite(batch.get(i), divergences.get(i), models));
                }
                done.add(batch.size());
            });
            loan.finished();
        }
        return measured.iterator();
    }

    private static Measured finite(Sampled sample, Divergence divergence, DivergenceRole.Models models) {
        if (!divergence.isFinite()) {
            throw RpoException.data("Cannot gauge " + models.policy().uri()
                    + ": its divergence from the reference "
                    + models.reference().uri()
                    + " along a completion of the prompt in row " + sample.prompt()
                    + " is not finite. Check the weights of both.");
        }
        return new Measured(sample.prompt(), sample.example().completions().get(0).length, divergence);
    }
}
