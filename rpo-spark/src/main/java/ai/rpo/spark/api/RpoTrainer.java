package ai.rpo.spark.api;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.LoraSettingsBuilder;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.TrainSettingsBuilder;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.DataSettingsBuilder;
import ai.rpo.spark.prepare.PrepareStage;
import ai.rpo.spark.prepare.RowKind;
import ai.rpo.spark.prepare.TargetModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.reference.ScoreStage;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.Stores;
import ai.rpo.spark.train.CheckpointChoice;
import ai.rpo.spark.train.TrainStage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Aligns a model on a data frame of preference pairs:
 *
 * <pre>{@code
 * RpoModel aligned = RpoTrainer.of("models/sft")
 *         .objective(RpoObjective.paper(0.1, 0.5))
 *         .training(train -> train.epochs(2).learningRate(1e-5))
 *         .workDirectory("runs/first")
 *         .fit(pairs);
 * }</pre>
 *
 * <p>What is not set has the defaults of the command line (reference.conf). The stages are those of {@code rpo run}: prepare, score
 * under the model that training starts from, train. The work directory gets {@code data/}, {@code rejected/}, {@code reference/},
 * {@code train/} and {@code model/}; what an interrupted call leaves there is not taken up again.
 *
 * <p>Immutable; each setter gives another trainer.
 */
public final class RpoTrainer {

    private final String start;
    private final Objective objective;
    private final TrainSettings training;
    private final DataSettings data;
    private final LoraSettings lora;
    private final Precision precision;
    private final TemplateChoice chatTemplate;
    private final String workDirectory;

    private RpoTrainer(
            String start,
            Objective objective,
            TrainSettings training,
            DataSettings data,
            LoraSettings lora,
            Precision precision,
            TemplateChoice chatTemplate,
            String workDirectory) {
        this.start = start;
        this.objective = objective;
        this.training = training;
        this.data = data;
        this.lora = lora;
        this.precision = precision;
        this.chatTemplate = chatTemplate;
        this.workDirectory = workDirectory;
    }

    /** @param start folder of a model in Hugging Face layout or of an adapter in PEFT's, on any store that Hadoop reaches */
    public static RpoTrainer of(String start) {
        return new RpoTrainer(
                start,
                new RpoObjective(),
                TrainSettings.builder().build(),
                DataSettings.builder(List.of()).build(),
                LoraSettings.OFF,
                Precision.FLOAT32,
                TemplateChoice.USUAL,
                "");
    }

    /** Sets what training minimises. */
    public RpoTrainer objective(Objective value) {
        return new RpoTrainer(start, value, training, data, lora, precision, chatTemplate, workDirectory);
    }

    /** Changes how training goes: epochs, batches, learning rate, workers. */
    public RpoTrainer training(UnaryOperator<TrainSettingsBuilder> change) {
        return training(change.apply(training.toBuilder()).build());
    }

    /** Sets how training goes. */
    public RpoTrainer training(TrainSettings value) {
        return new RpoTrainer(start, objective, value, data, lora, precision, chatTemplate, workDirectory);
    }

    /** Changes how rows are read and cut: names of columns, lengths, truncation, what is held out. */
    public RpoTrainer data(UnaryOperator<DataSettingsBuilder> change) {
        return data(change.apply(data.toBuilder()).build());
    }

    /** Sets how rows are read and cut. The inputs that it names play no part. */
    public RpoTrainer data(DataSettings value) {
        return new RpoTrainer(start, objective, training, value, lora, precision, chatTemplate, workDirectory);
    }

    /** Trains an adapter, of this rank to begin with, instead of all weights: what is adapted, and how. */
    public RpoTrainer lora(int rank, UnaryOperator<LoraSettingsBuilder> change) {
        return lora(change.apply(LoraSettings.builder().rank(rank)).build());
    }

    /** Trains an adapter instead of all weights. */
    public RpoTrainer lora(LoraSettings value) {
        return new RpoTrainer(start, objective, training, data, value, precision, chatTemplate, workDirectory);
    }

    /** Sets to what matrix products may round their inputs. */
    public RpoTrainer precision(Precision value) {
        return new RpoTrainer(start, objective, training, data, lora, value, chatTemplate, workDirectory);
    }

    /** Writes conversations by another chat template than the model's own: Jinja, or the name of one that the model has. */
    public RpoTrainer chatTemplate(String value) {
        TemplateChoice choice = new TemplateChoice(value, null);
        return new RpoTrainer(start, objective, training, data, lora, precision, choice, workDirectory);
    }

    /** Sets the folder for everything that is written, which must be empty or not there yet; any Hadoop path. */
    public RpoTrainer workDirectory(String value) {
        return new RpoTrainer(start, objective, training, data, lora, precision, chatTemplate, value);
    }

    /**
     * Prepares, scores and trains on the executors of the data frame's session.
     *
     * @param pairs in one of the formats of docs/data.md, or {@link #data told} what its columns are called
     * @throws RpoException where the model, the rows or the settings cannot be used, or training fails; its kind says which
     */
    public RpoModel fit(Dataset<Row> pairs) {
        SparkSession spark = pairs.sparkSession();
        Path work = emptyWorkDirectory(spark.sparkContext().hadoopConfiguration());
        LocalModel model =
                LocalModel.of(start, spark.sparkContext().hadoopConfiguration()).with(lora.basePrecision());
        prepare(pairs, model, work);
        score(spark, model, work);
        train(spark, model, work);
        return new RpoModel(new Path(work, "model").toString(), precision, chatTemplate);
    }

    private Path emptyWorkDirectory(Configuration hadoop) {
        if (workDirectory.isEmpty()) {
            throw RpoException.configuration(
                    "Cannot train: no work directory is set. Set an empty folder, or one that is not there yet.");
        }
        Path work = Stores.path(workDirectory);
        FileSystem store = Stores.open(work, hadoop);
        try {
            if (store.exists(work) && store.listStatus(work).length > 0) {
                throw RpoException.configuration("Cannot train in " + work
                        + ": it is not empty. Set an empty work directory, or one that is not there yet.");
            }
            return store.makeQualified(work);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot look into " + work, e);
        }
    }

    private void prepare(Dataset<Row> pairs, LocalModel model, Path work) {
        Path rows = new Path(work, "rows");
        pairs.write().parquet(rows.toString());
        DataSettings ours = data.toBuilder().train(List.of(rows.toString())).build();
        new PrepareStage(RowKind.PAIRS, ours, TargetModel.of(model, chatTemplate))
                .run(pairs.sparkSession(), new Path(work, "data"), new Path(work, "rejected"), Progress.NONE);
    }

    private void score(SparkSession spark, LocalModel model, Path work) {
        new ScoreStage(
                        spark,
                        model,
                        new ScoreSettings(precision, ScoreSettings.USUAL_TOKENS_PER_BATCH),
                        new Path(work, "scores"))
                .run(
                        new ScoreStage.Request(
                                ScoredRows.PAIRS,
                                new Path(work, "data/train"),
                                new Path(work, "reference/train"),
                                false,
                                new Path(work, "rejected"),
                                data.maxRejectedFraction()),
                        Progress.NONE);
    }

    private void train(SparkSession spark, LocalModel model, Path work) {
        ModelDirectory opened = model.open();
        ExportForm form = ExportForm.full(opened.dtype());
        new TrainStage(spark, model, lora, objective, training, precision)
                .run(
                        new TrainStage.Request(
                                new Path(work, "reference/train"),
                                new Path(work, "train"),
                                new Path(work, "model"),
                                form,
                                UUID.randomUUID().toString(),
                                true,
                                Map.of("started from", start, "objective", objective.toString()),
                                CheckpointChoice.LAST,
                                Fence.NONE),
                        Progress.NONE);
    }
}
