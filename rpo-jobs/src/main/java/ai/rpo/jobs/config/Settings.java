package ai.rpo.jobs.config;

import ai.rpo.core.CostOnly;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.gates.GateSettings;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.retrain.RetrainSettings;
import ai.rpo.jobs.track.LineageSettings;
import ai.rpo.jobs.track.MlflowSettings;
import ai.rpo.spark.benchmark.BenchmarkSettings;
import ai.rpo.spark.gauge.GaugeSettings;
import ai.rpo.spark.generate.GenerateSettings;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.rate.RateSettings;
import ai.rpo.spark.reward.RewardSettings;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The keys under {@code rpo}, as the stages take them.
 *
 * @param output the run directory
 * @param registry where models are registered
 * @param overwrite whether artifacts made with other settings may be replaced
 * @param precision of scoring and training alike
 * @param model {@code rpo.model}
 * @param data {@code rpo.data}
 * @param reference {@code rpo.reference}
 * @param objective {@code rpo.objective}, as its {@code name} says
 * @param train {@code rpo.train}
 * @param lora {@code rpo.lora}
 * @param selection {@code rpo.selection}
 * @param sft {@code rpo.sft}
 * @param evaluate {@code rpo.evaluate}
 * @param gates {@code rpo.gates}
 * @param retrain {@code rpo.retrain}
 * @param export {@code rpo.export}
 * @param plan {@code rpo.plan}
 * @param generate {@code rpo.generate}
 * @param benchmark {@code rpo.benchmark}
 * @param judge {@code rpo.judge}
 * @param reward {@code rpo.reward}
 * @param rate {@code rpo.rate}
 * @param gauge {@code rpo.gauge}
 * @param online {@code rpo.online}
 * @param tables that results are written to
 * @param mlflow {@code rpo.mlflow}
 * @param tensorboard folder of event files
 * @param openlineage {@code rpo.openlineage}
 */
public record Settings(
        Optional<String> output,
        Optional<String> registry,
        boolean overwrite,
        Precision precision,
        ModelSettings model,
        DataSettings data,
        ReferenceSettings reference,
        Objective objective,
        TrainSettings train,
        LoraSettings lora,
        SelectionSettings selection,
        SftSettings sft,
        EvaluateSettings evaluate,
        GateSettings gates,
        RetrainSettings retrain,
        ExportSettings export,
        PlanSettings plan,
        GenerateSettings generate,
        BenchmarkSettings benchmark,
        JudgingSettings judge,
        RewardSettings reward,
        RateSettings rate,
        GaugeSettings gauge,
        OnlineSettings online,
        OutputTables tables,
        MlflowSettings mlflow,
        Optional<String> tensorboard,
        LineageSettings openlineage) {

    public Settings {
        if (objective != null && selection != null) { // null if they refused their values, which is reported
            try {
                selection.metricOf(objective);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("selection." + e.getMessage(), e);
            }
        }
    }

    /**
     * The model that training starts from.
     *
     * @param path a folder in Hugging Face layout, or of an adapter in PEFT's, at any Hadoop path
     * @param base the model that an adapter folder adapts; where the adapter says, where absent
     * @param chatTemplate a file, Jinja, or the name of one of the model's templates, in place of its usual one
     * @param templateDate what templates take for today, as 2026-11-28; the day on which the output was begun, where absent
     */
    public record ModelSettings(
            Optional<String> path,
            Optional<String> base,
            Optional<String> chatTemplate,
            Optional<String> templateDate) {

        public ModelSettings {
            templateDate.ifPresent(date -> {
                try {
                    LocalDate.parse(date);
                } catch (DateTimeParseException e) {
                    throw new IllegalArgumentException(
                            "template-date must be a date such as 2026-11-28, but is " + date);
                }
            });
        }
    }

    /**
     * The model that the policy is tied to.
     *
     * @param path a folder in Hugging Face layout; the model that training starts from, where absent
     * @param cache folder of scores shared by runs; the run's own, where absent
     * @param perToken whether the log-probability of each token is written too
     * @param tokensPerBatch token rows computed at once, in scoring and in evaluation
     */
    public record ReferenceSettings(
            Optional<String> path,
            @CostOnly Optional<String> cache,
            boolean perToken,
            @CostOnly int tokensPerBatch) {

        public ReferenceSettings {
            if (tokensPerBatch < 1) {
                throw new IllegalArgumentException("tokens-per-batch must be at least 1, but is " + tokensPerBatch);
            }
        }
    }

    /**
     * Supervised fine-tuning.
     *
     * @param data prompt/completion rows: files, folders or globs
     * @param training how the model is trained on them
     */
    public record SftSettings(List<String> data, TrainSettings training) {}

    /**
     * Says what a run is to tell of its trained model.
     *
     * @param judge whether its answers are judged beside the reference's
     * @param prompts to be answered: files, folders or globs; the held-out ones where empty
     * @param promptsAtMost of them
     */
    public record EvaluateSettings(boolean judge, List<String> prompts, int promptsAtMost) {

        public EvaluateSettings {
            if (promptsAtMost < 1) {
                throw new IllegalArgumentException("prompts-at-most must be at least 1, but is " + promptsAtMost);
            }
        }
    }

    /**
     * The trained model's folder.
     *
     * @param dtype that its weights are stored in
     * @param form the whole model, or the adapter that was trained
     * @param maxFileMegabytes size that weight files do not exceed, except that a weight is never divided
     */
    public record ExportSettings(StoredAs dtype, ExportForm.Kind form, int maxFileMegabytes) {

        public ExportSettings {
            if (maxFileMegabytes < 1) {
                throw new IllegalArgumentException("max-file-megabytes must be at least 1, but is " + maxFileMegabytes);
            }
        }

        /** @param source the dtype of the model that training started from */
        public ExportForm of(Dtype source) {
            return new ExportForm(form, dtype.dtype(source), maxFileMegabytes * 1_000_000L);
        }
    }

    /**
     * Holds what is known beforehand of the machines that a run is planned for.
     *
     * @param deviceTokensPerSecond that one of their devices scores; not known where absent
     */
    public record PlanSettings(OptionalInt deviceTokensPerSecond) {

        public PlanSettings {
            if (deviceTokensPerSecond.isPresent() && deviceTokensPerSecond.getAsInt() < 1) {
                throw new IllegalArgumentException(
                        "device-tokens-per-second must be at least 1, but is " + deviceTokensPerSecond.getAsInt());
            }
        }
    }

    /** Says how weights are stored in a file. */
    public enum StoredAs {
        FLOAT32,
        BFLOAT16,
        FLOAT16,
        /** The number type of the model that training started from. */
        SOURCE;

        /** @param source that of the model that training started from */
        public Dtype dtype(Dtype source) {
            return this == SOURCE ? source : Dtype.named(name()).orElseThrow();
        }
    }
}
