package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.text.ChatTemplate;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.generate.PromptSource;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import ai.rpo.spark.train.TrainingListener;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * Holds what every stage works with.
 *
 * @param run where artifacts lie
 * @param spark started when first asked for a session
 * @param inputs what the run's inputs are
 * @param tables those of them that lie in tables
 * @param tracking is told how training goes on
 * @param remarks tells what is passed over in models
 * @param today the day on which the command began, however long it takes
 */
record Workplace(
        ResolvedConfiguration configuration,
        RunDirectory run,
        SparkLauncher spark,
        InputFingerprints inputs,
        TableInputs tables,
        TrainingListener tracking,
        Remarks remarks,
        LocalDate today) {

    private static final String DATE = "template-date.txt";

    Settings settings() {
        return configuration.settings();
    }

    /** Path of the model that training starts from. */
    String model() {
        return settings().model().path().orElseThrow();
    }

    /** Tells how the model that training starts from writes conversations. */
    ModelTemplate template() {
        return template("rpo.model", model(), inputs, settings().model().chatTemplate());
    }

    /**
     * Tells how a model writes conversations, the date in them being the same whenever a part of the output is made.
     *
     * @param key of the model's settings
     * @param files tells what lies in the model's folder
     * @param given in place of the model's usual template: a file, Jinja or a name
     */
    ModelTemplate template(String key, String model, InputFingerprints files, Optional<String> given) {
        Optional<String> source = given.map(text -> ChatTemplate.isSource(text)
                ? text
                : new SmallFile(Stores.path(text), spark.hadoop()).read().orElse(text));
        boolean dated =
                files.writesDate(model) || source.map(ChatTemplate::writesDate).orElse(false);
        return new ModelTemplate(key, model, files, new TemplateChoice(source.orElse(null), dated ? date() : null));
    }

    /** Tells what templates take for today: as configured, or as the first stage that asked did. */
    private LocalDate date() {
        return settings()
                .model()
                .templateDate()
                .or(() -> run.file(DATE).read().map(String::strip))
                .map(LocalDate::parse)
                .orElse(today);
    }

    /** Has later commands take the same date, where a template writes one. */
    void keepDate(TemplateChoice choice) {
        if (choice.date() != null) {
            run.file(DATE).write(choice.date() + "\n");
        }
    }

    /** Path of the model that the policy is tied to. */
    String reference() {
        return settings().reference().path().orElse(model());
    }

    /** Tells whether the policy is tied to the very weights that it starts from. */
    boolean isOwnReference() {
        return inputs.weights(reference()).equals(inputs.weights(model()));
    }

    /** Draws the run's report again, where there is one, after a stage that it shows. */
    void redrawReport() {
        if (run.artifact("report").manifest().isPresent()) {
            new ReportStage(spark.hadoop()).run(run.path(), Progress.NONE);
        }
    }

    /** Tells why nothing can be said of prompts that were not trained on, if there are none. */
    Optional<String> withoutHeldOutPairs() {
        DataSettings data = settings().data();
        return data.eval().isEmpty() && data.evalFraction() == 0
                ? Optional.of("no held-out pairs; give some with rpo.data.eval or rpo.data.eval-fraction")
                : Optional.empty();
    }

    /**
     * Looks at whether checkpoints can be told apart as configured.
     *
     * @throws RpoException if there is nothing to tell them apart by
     */
    void requireHeldOutPairs() {
        SelectionSettings selection = settings().selection();
        if (selection.metric().isPresent()
                && !selection.isByGauge()
                && withoutHeldOutPairs().isPresent()) {
            throw RpoException.configuration("Cannot choose a checkpoint by rpo.selection.metric = "
                    + selection.metric().get()
                    + ": there are no held-out pairs. Give some with rpo.data.eval or rpo.data.eval-fraction.");
        }
        if (selection.metric().isEmpty() && selection.patience() > 0) {
            throw RpoException.configuration("Cannot stop early by rpo.selection.patience = " + selection.patience()
                    + ": no metric is given. Name one with rpo.selection.metric.");
        }
    }

    /**
     * Looks at whether the data have left pairs by which checkpoints can be told apart, if they are to be.
     *
     * @param folder of held-out pairs
     * @throws RpoException if there are none
     */
    void requireHeldOutPairsIn(String folder) {
        SelectionSettings selection = settings().selection();
        if (selection.metric().isPresent() && !selection.isByGauge() && !run.exists(folder)) {
            throw RpoException.data("Cannot choose a checkpoint by rpo.selection.metric: rpo.data.eval-fraction left no"
                    + " held-out pairs. Raise it, or give pairs with rpo.data.eval.");
        }
    }

    /** Tells how rows are read that prompts are taken from. */
    PromptSource promptSource() {
        DataSettings data = settings().data();
        return new PromptSource(data.format().orElse(null), data.fields().names(), data.specialTokens());
    }

    /** Gives what a stage depends on that reads rows. */
    Map<String, String> rowValues() {
        Map<String, String> values = new LinkedHashMap<>(configuration.valuesUnder("rpo.data.fields"));
        for (String key : List.of("rpo.data.format", "rpo.data.special-tokens")) {
            values.put(key, configuration.valuesUnder("rpo.data").get(key));
        }
        return values;
    }

    /** Gives the settings of scoring and evaluation, which compute alike. */
    ScoreSettings scoring() {
        return new ScoreSettings(settings().precision(), settings().reference().tokensPerBatch());
    }

    /** Locates the same model where it is to become a reward model. */
    LocalModel locatedForRewards() {
        return remarks.of(LocalModel.locatedForRewards(
                model(), settings().reward().training().seed(), spark.hadoop()));
    }

    /** Folder of scores, of whatever models. */
    Path scores() {
        return settings().reference().cache().map(Path::new).orElse(run.path("scores"));
    }

    LocalModel open(String path) {
        return remarks.of(LocalModel.of(path, settings().model().base(), spark.hadoop()));
    }

    /** A model under an adapter that is trained, or the reference, in as many bits as {@code rpo.lora} says. */
    LocalModel openFrozen(String path) {
        return open(path).with(settings().lora().basePrecision());
    }

    /** Opens what was trained: on the same bits, if it is an adapter. */
    LocalModel openTrained() {
        LocalModel trained = open(run.path("model").toString());
        return trained.isAdapter() ? trained.with(settings().lora().basePrecision()) : trained;
    }

    /** The model that training starts from, for work that needs its text files alone. */
    LocalModel located() {
        return remarks.of(LocalModel.located(model(), settings().model().base(), spark.hadoop()));
    }
}
