package ai.rpo.spark.generate;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sum;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.generate.CompletionText;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.generate.GenerateSettings.OutputFormat;
import ai.rpo.spark.prepare.NumberedRows;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.InputFiles;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Continues the prompts of a data set with a model. The output folder gets {@code completions/}, JSON lines or Parquet
 * in the prompts' order, and {@code rejected/} with the rows that have no prompt to go on from. Whatever an interrupted
 * run with the same fingerprint finished is kept.
 */
public final class GenerateStage {

    private static final String COMPLETIONS = "completions";

    /** Holds, of the output, what an interrupted run goes on from; to be removed once the output is published. */
    public static final String SHARDS = "shards";

    private static final String REJECTED = "rejected";

    private final SparkSession spark;
    private final LocalModel model;
    private final TemplateChoice chatTemplate;
    private final PromptSource source;
    private final Precision precision;
    private final GenerateSettings settings;

    /**
     * @param chatTemplate how the model's conversations are written
     * @param source how training reads rows
     */
    public GenerateStage(
            SparkSession spark,
            LocalModel model,
            TemplateChoice chatTemplate,
            PromptSource source,
            Precision precision,
            GenerateSettings settings) {
        this.spark = spark;
        this.model = model;
        this.chatTemplate = chatTemplate;
        this.source = source;
        this.precision = precision;
        this.settings = settings;
    }

    /**
     * @param tokens of completions
     * @param finishReasons completions by the reason for which they ended
     * @param rejected rows without a prompt to go on from, by the reason
     */
    public record Result(
            long prompts, long completions, long tokens, Map<String, Long> finishReasons, Map<String, Long> rejected) {}

    /**
     * @param artifact the output folder
     * @param digest of what the completions depend on
     * @throws RpoException where the inputs cannot be read, or no row has a prompt, and then nothing is left
     */
    public Result run(ArtifactDirectory artifact, String digest, Progress progress) {
        checkTokenizer();
        Path output = artifact.path();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        JavaRDD<NumberedRow> rows = NumberedRows.read(spark, settings.prompts());
        long prompts = rows.count();
        if (prompts == 0) {
            artifact.remove();
            throw none(0, "there are no rows");
        }
        Cores cores = Cores.of(spark);
        Shards shards =
                Shards.planned(output, List.of(COMPLETIONS, SHARDS, REJECTED), digest, prompts, cores.slots(), hadoop);
        boolean parquet = settings.format() == OutputFormat.PARQUET;
        Path lines = new Path(output, parquet ? SHARDS : COMPLETIONS);
        generate(rows, shards, lines, new Path(output, REJECTED), cores, progress);
        Result result = summarise(prompts, lines, new Path(output, REJECTED));
        if (result.completions == 0) {
            artifact.remove(); // which would only be in the way of better prompts
            throw none(prompts, counted(result.rejected));
        }
        if (parquet) {
            parquetRows(lines)
                    .orderBy("ordinal", "sample")
                    .write()
                    .mode("overwrite")
                    .parquet(new Path(output, COMPLETIONS).toString());
        }
        return result;
    }

    private RpoException none(long prompts, String why) {
        return RpoException.data("Cannot generate: none of " + prompts + " rows of "
                + String.join(", ", settings.prompts()) + " has a prompt to go on from (" + why
                + "). A row needs what training takes, or prompt (text or messages), messages, turns, instruction or"
                + " prompt_ids alone.");
    }

    private static String counted(Map<String, Long> reasons) {
        return reasons.entrySet().stream()
                .map(reason -> reason.getValue() + " × " + reason.getKey())
                .collect(Collectors.joining(", "));
    }

    /** A tokenizer that is broken or cannot stop where it should is found here; a missing one may not be needed. */
    private void checkTokenizer() {
        if (model.open().tokenizerFile().isPresent()) {
            try (Tokenizer tokenizer = Tokenizer.open(model.tokenizerFiles(), chatTemplate)) {
                new CompletionText(tokenizer, settings.stop());
            }
        } else if (!settings.stop().isEmpty()) {
            throw RpoException.configuration("Cannot stop at texts: the model " + model.uri()
                    + " has no tokenizer.json. Save it with its tokenizer, or leave out rpo.generate.stop.");
        }
    }

    private void generate(
            JavaRDD<NumberedRow> rows, Shards shards, Path lines, Path rejected, Cores cores, Progress progress) {
        OpenShards open = new OpenShards(shards, lines, spark.sparkContext().hadoopConfiguration());
        if (open.count() == 0) {
            return;
        }
        LongAccumulator done = spark.sparkContext().longAccumulator("completions");
        ShardGeneration work = new ShardGeneration(
                model,
                chatTemplate,
                source,
                precision,
                cores.threads(open.count()),
                settings,
                lines.toString(),
                rejected.toString(),
                new SerializableConfiguration(spark.sparkContext().hadoopConfiguration()),
                done);
        try (PolledProgress polled = new PolledProgress(
                spark.sparkContext(), progress, "generate", done, open.rows() * settings.samplesPerPrompt())) {
            open.forEach(rows, NumberedRow::ordinal, work::run);
        }
    }

    private Result summarise(long prompts, Path lines, Path rejected) {
        Map<String, Long> reasons = new TreeMap<>();
        long completions = 0;
        Dataset<Row> rows = completions(lines);
        for (Row row : rows.select(explode(coalesce(col("finish_reasons"), array(col("finish_reason"))))
                        .as("reason"))
                .groupBy("reason")
                .count()
                .collectAsList()) {
            reasons.put(row.getString(0), row.getLong(1));
            completions += row.getLong(1);
        }
        long tokens = rows.agg(coalesce(sum(coalesce(col("new_tokens"), size(col("completion_ids")))), lit(0L)))
                .first()
                .getLong(0);
        return new Result(prompts, completions, tokens, reasons, rejectedByReason(rejected));
    }

    private Map<String, Long> rejectedByReason(Path folder) {
        Map<String, Long> counts = new TreeMap<>();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        if (!InputFiles.inFolder(folder.toString(), name -> true, hadoop)
                .files()
                .isEmpty()) {
            spark.read()
                    .schema("reason string")
                    .json(folder.toString())
                    .groupBy("reason")
                    .count()
                    .collectAsList()
                    .forEach(row -> counts.put(row.getString(0), row.getLong(1)));
        }
        return counts;
    }

    private Dataset<Row> completions(Path lines) {
        return spark.read().schema(CompletionRows.WITH_DIALOGUES).json(lines.toString());
    }

    /** Reads them with the columns that the rows have something in. */
    private Dataset<Row> parquetRows(Path lines) {
        Dataset<Row> rows = completions(lines);
        return rows.filter(col("turns").isNotNull()).isEmpty()
                ? rows.select(Arrays.stream(CompletionRows.SCHEMA.fieldNames())
                        .map(functions::col)
                        .toArray(Column[]::new))
                : rows;
    }
}
