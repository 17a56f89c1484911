package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.SpellingPolicy;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.GeneratingRole;
import ai.rpo.spark.generate.PromptSource;
import ai.rpo.spark.prepare.FrameRows;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * Continues the prompts of a data frame with a model:
 *
 * <pre>{@code
 * Dataset<Row> answers = CompletionSampler.of("models/sft", SamplingSettings.atTemperature(0.7, 256)).transform(prompts);
 * }</pre>
 *
 * <p>Rows are read as those of files are: {@code prompt} (text, or a list of messages, which the model's chat template
 * writes), {@code messages}, {@code prompt_ids}, or preference data, whose answers play no part. Each gets
 * {@code completion}, {@code completion_ids} and {@code finish_reason} ({@code eos} or {@code length}); one that cannot be
 * continued has null there, and says why in {@code unfit}. A completion depends on the model, the sampling, its prompt and
 * the seed alone, so equal prompts have equal completions, and Spark may compute a row again. A task computes some
 * completions at once with the cores that Spark gives it; a data frame of few partitions is to be repartitioned first.
 *
 * <p>Immutable; each setter gives another sampler.
 */
public final class CompletionSampler {

    /** Says what a task computes at once where nothing else is said. */
    public static final int USUAL_AT_ONCE = 16;

    /** Decides the samples where nothing else is said. */
    public static final long USUAL_SEED = 42;

    private static final String SELECTED = "rpo_row";

    private static final List<StructField> COLUMNS = List.of(
            DataTypes.createStructField("completion", DataTypes.StringType, true),
            DataTypes.createStructField(
                    "completion_ids", DataTypes.createArrayType(DataTypes.IntegerType, false), true),
            DataTypes.createStructField("finish_reason", DataTypes.StringType, true));

    private final String model;
    private final SamplingSettings sampling;
    private final TemplateChoice chatTemplate;
    private final Precision precision;
    private final int atOnce;
    private final long seed;

    private CompletionSampler(
            String model,
            SamplingSettings sampling,
            TemplateChoice chatTemplate,
            Precision precision,
            int atOnce,
            long seed) {
        this.model = model;
        this.sampling = sampling;
        this.chatTemplate = chatTemplate;
        this.precision = precision;
        this.atOnce = atOnce;
        this.seed = seed;
    }

    /** @param model folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches */
    public static CompletionSampler of(String model, SamplingSettings sampling) {
        return new CompletionSampler(
                model, sampling, TemplateChoice.USUAL, Precision.FLOAT32, USUAL_AT_ONCE, USUAL_SEED);
    }

    /** Writes conversations by another chat template than the model's own: Jinja, or the name of one that the model has. */
    public CompletionSampler chatTemplate(String template) {
        return new CompletionSampler(model, sampling, new TemplateChoice(template, null), precision, atOnce, seed);
    }

    /** Sets to what matrix products may round their inputs. */
    public CompletionSampler precision(Precision value) {
        return new CompletionSampler(model, sampling, chatTemplate, value, atOnce, seed);
    }

    /** Sets how many completions a task computes at once. */
    public CompletionSampler atOnce(int value) {
        if (value < 1) {
            throw new IllegalArgumentException("atOnce must be at least 1, but is " + value);
        }
        return new CompletionSampler(model, sampling, chatTemplate, precision, value, seed);
    }

    /** Draws other samples. */
    public CompletionSampler seed(long value) {
        return new CompletionSampler(model, sampling, chatTemplate, precision, atOnce, value);
    }

    /**
     * Keeps all columns and adds those named above. Nothing is computed before the result is used.
     *
     * @throws RpoException where the model cannot be opened, or the data frame has no column that a format needs, or has
     *     one of the new columns already
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        return SetterNames.in(() -> transformed(rows));
    }

    private Dataset<Row> transformed(Dataset<Row> rows) {
        LocalModel opened =
                LocalModel.of(model, rows.sparkSession().sparkContext().hadoopConfiguration());
        NewColumns columns = NewColumns.of(rows.schema(), COLUMNS);
        PromptSource source = new PromptSource(null, FieldNames.USUAL, SpellingPolicy.AS_TEXT);
        int threads = Cores.of(rows.sparkSession()).threads(Integer.MAX_VALUE);
        GeneratingRole role = new GeneratingRole(opened, chatTemplate, precision, threads, atOnce);
        CompletionsOfRows.Task task = new CompletionsOfRows.Task(role, source, sampling, seed, columns);
        return rows.withColumn(SELECTED, FrameRows.select(rows.schema(), FieldNames.USUAL))
                .mapPartitions(
                        (MapPartitionsFunction<Row, Row>) ours -> new CompletionsOfRows(ours, task),
                        Encoders.row(columns.schema()));
    }
}
