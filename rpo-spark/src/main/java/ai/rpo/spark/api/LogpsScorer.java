package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.DataSettingsBuilder;
import ai.rpo.spark.prepare.FrameRows;
import ai.rpo.spark.prepare.RowKind;
import ai.rpo.spark.prepare.TargetModel;
import ai.rpo.spark.reference.ScoreSettings;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Adds a model's log-probabilities to the rows of a data frame:
 *
 * <pre>{@code
 * Dataset<Row> scored = LogpsScorer.of("models/sft").transform(spark.table("feedback.pairs"));
 * }</pre>
 *
 * <p>Rows are recognised as those of files are (docs/data.md). A data frame of pairs gets {@code ref_chosen_logps} and
 * {@code ref_rejected_logps}, one of prompts with their completion gets {@code logp}: sums over the completion's tokens, in nats.
 * A row that cannot be scored has null there, and says why in {@code unfit}, which is null otherwise. Each task computes with the
 * cores that Spark gives it, so a data frame of few partitions is to be repartitioned first.
 *
 * <p>Immutable; each setter gives another scorer.
 */
public final class LogpsScorer {

    /** The column that says why a row has no log-probabilities. */
    public static final String UNFIT = NewColumns.UNFIT;

    private static final Set<String> OF_PAIRS = Set.of("rejected", "rejected_ids", "completions", "label");
    private static final String SELECTED = "rpo_row";
    private final String model;
    private final TemplateChoice chatTemplate;
    private final Precision precision;
    private final int tokensPerBatch;
    private final DataSettings data;

    private LogpsScorer(
            String model, TemplateChoice chatTemplate, Precision precision, int tokensPerBatch, DataSettings data) {
        this.model = model;
        this.chatTemplate = chatTemplate;
        this.precision = precision;
        this.tokensPerBatch = tokensPerBatch;
        this.data = data;
    }

    /** @param model folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches */
    public static LogpsScorer of(String model) {
        return new LogpsScorer(
                model,
                TemplateChoice.USUAL,
                Precision.FLOAT32,
                ScoreSettings.USUAL_TOKENS_PER_BATCH,
                DataSettings.builder(List.of()).build());
    }

    /** Writes conversations by another chat template than the model's own: Jinja, or the name of one that the model has. */
    public LogpsScorer chatTemplate(String template) {
        return new LogpsScorer(model, new TemplateChoice(template, null), precision, tokensPerBatch, data);
    }

    /** Sets to what matrix products may round their inputs. */
    public LogpsScorer precision(Precision value) {
        return new LogpsScorer(model, chatTemplate, value, tokensPerBatch, data);
    }

    /** Sets the token rows that a task computes at once. */
    public LogpsScorer tokensPerBatch(int value) {
        return new LogpsScorer(model, chatTemplate, precision, value, data);
    }

    /** Changes how rows are read and cut: names of columns, lengths, truncation. */
    public LogpsScorer data(UnaryOperator<DataSettingsBuilder> change) {
        return data(change.apply(data.toBuilder()).build());
    }

    /** Sets how rows are read and cut. The inputs that it names play no part. */
    public LogpsScorer data(DataSettings value) {
        return new LogpsScorer(model, chatTemplate, precision, tokensPerBatch, value);
    }

    /**
     * Keeps all columns and adds those named above. Nothing is computed before the result is used.
     *
     * @throws RpoException where the model cannot be opened, or the data frame has no column that a format needs, or has one
     *     of the new columns already
     */
    public Dataset<Row> transform(Dataset<Row> rows) {
        return SetterNames.in(() -> transformed(rows));
    }

    private Dataset<Row> transformed(Dataset<Row> rows) {
        LocalModel opened =
                LocalModel.of(model, rows.sparkSession().sparkContext().hadoopConfiguration());
        RowKind kind = kind(rows.schema());
        FrameRows input = new FrameRows(kind, data, TargetModel.of(opened, chatTemplate));
        NewColumns columns = NewColumns.of(rows.schema(), added(kind));
        ScoreSettings settings = new ScoreSettings(precision, tokensPerBatch);
        int threads = Cores.of(rows.sparkSession()).threads(Integer.MAX_VALUE);
        return rows.withColumn(SELECTED, input.of(rows.schema()))
                .mapPartitions(
                        (MapPartitionsFunction<Row, Row>)
                                ours -> new LogpsOfRows(ours, input, opened, settings, threads, columns),
                        Encoders.row(columns.schema()));
    }

    private RowKind kind(StructType schema) {
        Set<String> pairs = new HashSet<>(OF_PAIRS);
        pairs.addAll(OF_PAIRS.stream()
                .map(field -> data.fields().names().names().getOrDefault(field, field))
                .toList());
        return Arrays.stream(schema.fieldNames()).anyMatch(pairs::contains) ? RowKind.PAIRS : RowKind.EXAMPLES;
    }

    private static List<StructField> added(RowKind kind) {
        List<String> names =
                kind == RowKind.PAIRS ? List.of("ref_chosen_logps", "ref_rejected_logps") : List.of("logp");
        return names.stream()
                .map(name -> DataTypes.createStructField(name, DataTypes.DoubleType, true))
                .toList();
    }
}
