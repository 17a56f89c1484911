package ai.rpo.jobs.pipeline;

import ai.rpo.core.text.ChatTemplate;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import java.time.LocalDate;
import java.util.Optional;

/**
 * What every stage works with.
 *
 * @param run where artifacts lie
 * @param spark started when first asked for a session
 * @param inputs what the run's inputs are
 * @param remarks tells what is passed over in models
 * @param today the day on which the command began, however long it takes
 */
record Workplace(
        ResolvedConfiguration configuration,
        RunDirectory run,
        SparkLauncher spark,
        InputFingerprints inputs,
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

    /** How the model that training starts from writes conversations. */
    ModelTemplate template() {
        return template("rpo.model", model(), inputs, settings().model().chatTemplate());
    }

    /**
     * How a model writes conversations, the date in them being the same whenever a part of the output is made.
     *
     * @param key of the model's settings
     * @param files tells what lies in the model's folder
     * @param given in place of the model's usual template: a file, Jinja or a name
     */
    ModelTemplate template(String key, String model, InputFingerprints files, Optional<String> given) {
        Optional<String> source = given.map(text -> ChatTemplate.isSource(text)
                ? text
                : new SmallFile(Stores.path(text), spark.hadoop()).read().orElse(text));
        boolean dated = files.writesDate(model)
                || source.map(ChatTemplate::writesDate).orElse(false);
        return new ModelTemplate(key, model, files, new TemplateChoice(source.orElse(null), dated ? date() : null));
    }

    /** What templates take for today: as configured, or as the first stage that asked did. */
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

    /** Whether the policy is tied to the very weights that it starts from. */
    boolean isOwnReference() {
        return inputs.weights(reference()).equals(inputs.weights(model()));
    }

    /** For scoring and evaluation, which compute alike. */
    ScoreSettings scoring() {
        return new ScoreSettings(settings().precision(), settings().reference().tokensPerBatch());
    }

    LocalModel open(String path) {
        return remarks.of(LocalModel.of(path, settings().model().base(), spark.hadoop()));
    }

    /** The model that training starts from, for work that needs its text files alone. */
    LocalModel located() {
        return remarks.of(LocalModel.located(model(), settings().model().base(), spark.hadoop()));
    }
}
