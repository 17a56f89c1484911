package ai.rpo.spark.api;

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
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Says how a model gives each completion of a data frame a number, be it a log-probability or a reward.
 *
 * @param model folder of the model
 * @param chatTemplate how conversations are written
 * @param precision to what matrix products may round their inputs
 * @param tokensPerBatch token rows that a task computes at once
 * @param data how rows are read and cut; the inputs that it names play no part
 */
record FrameScoring(
        String model, TemplateChoice chatTemplate, Precision precision, int tokensPerBatch, DataSettings data) {

    private static final Set<String> OF_PAIRS = Set.of("rejected", "rejected_ids", "completions", "label");
    private static final String SELECTED = "rpo_row";

    /** Takes what is usual for a model. */
    FrameScoring(String model) {
        this(
                model,
                TemplateChoice.USUAL,
                Precision.FLOAT32,
                ScoreSettings.USUAL_TOKENS_PER_BATCH,
                DataSettings.builder(List.of()).build());
    }

    FrameScoring withChatTemplate(String template) {
        return new FrameScoring(model, new TemplateChoice(template, null), precision, tokensPerBatch, data);
    }

    FrameScoring withPrecision(Precision value) {
        return new FrameScoring(model, chatTemplate, value, tokensPerBatch, data);
    }

    FrameScoring withTokensPerBatch(int value) {
        return new FrameScoring(model, chatTemplate, precision, value, data);
    }

    FrameScoring withData(DataSettings value) {
        return new FrameScoring(model, chatTemplate, precision, tokensPerBatch, value);
    }

    FrameScoring withData(UnaryOperator<DataSettingsBuilder> change) {
        return withData(change.apply(data.toBuilder()).build());
    }

    /**
     * Adds the numbers to rows.
     *
     * @param open opens the model
     * @param ofPairs columns for chosen and rejected completions
     * @param ofExamples the column of prompts with one completion
     */
    Dataset<Row> transform(
            Dataset<Row> rows,
            BiFunction<String, Configuration, LocalModel> open,
            List<String> ofPairs,
            String ofExamples) {
        return SetterNames.in(() -> {
            LocalModel opened =
                    open.apply(model, rows.sparkSession().sparkContext().hadoopConfiguration());
            RowKind kind = kind(rows.schema());
            FrameRows input = new FrameRows(kind, data, TargetModel.of(opened, chatTemplate));
            NewColumns columns =
                    NewColumns.of(rows.schema(), added(kind == RowKind.PAIRS ? ofPairs : List.of(ofExamples)));
            ScoreSettings settings = new ScoreSettings(precision, tokensPerBatch);
            int threads = Cores.of(rows.sparkSession()).threads(Integer.MAX_VALUE);
            return rows.withColumn(SELECTED, input.of(rows.schema()))
                    .mapPartitions(
                            (MapPartitionsFunction<Row, Row>)
                                    ours -> new LogpsOfRows(ours, input, opened, settings, threads, columns),
                            Encoders.row(columns.schema()));
        });
    }

    private RowKind kind(StructType schema) {
        Set<String> pairs = new HashSet<>(OF_PAIRS);
        pairs.addAll(OF_PAIRS.stream()
                .map(field -> data.fields().names().names().getOrDefault(field, field))
                .toList());
        return Arrays.stream(schema.fieldNames()).anyMatch(pairs::contains) ? RowKind.PAIRS : RowKind.EXAMPLES;
    }

    private static List<StructField> added(List<String> names) {
        return names.stream()
                .map(name -> DataTypes.createStructField(name, DataTypes.DoubleType, true))
                .toList();
    }
}
