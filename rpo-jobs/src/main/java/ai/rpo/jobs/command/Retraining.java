package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.gates.Figures;
import ai.rpo.jobs.gates.Verdict;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.registry.Candidate;
import ai.rpo.jobs.registry.Registry;
import ai.rpo.jobs.registry.Version;
import ai.rpo.jobs.retrain.Night;
import ai.rpo.jobs.retrain.Nights;
import ai.rpo.jobs.retrain.RetrainSettings.Start;
import ai.rpo.jobs.track.MlflowModels;
import ai.rpo.spark.store.RunDirectory;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/** One night: what is new becomes a run, and a run that passes its gates the version in production. */
final class Retraining {

    private final ConfigurationSources sources;
    private final RunningCommand running;
    private final Settings settings;
    private final Registry registry;
    private final Optional<MlflowModels> mlflow;

    /** @param sources of the configuration that the command runs with */
    Retraining(ConfigurationSources sources, RunningCommand running) {
        this.sources = sources;
        this.running = running;
        this.settings = running.configuration().settings();
        this.registry = Registry.openOrMake(settings.registry().orElseThrow(), ProgramVersion.get(), hadoop());
        this.mlflow = MlflowModels.of(settings.mlflow(), System::getenv, hadoop());
    }

    void run() {
        Optional<Version> production = registry.production();
        Night night = Night.plan(
                settings.data().train(),
                running.pins()::beyond,
                production,
                settings.model().path().orElseThrow(),
                settings.retrain().from(),
                hadoop());
        if (night.news().isEmpty()) {
            nothingNew(night);
        } else {
            learn(night);
        }
        registry.production()
                .flatMap(version -> mlflow.flatMap(models -> models.inProduction(version)))
                .ifPresent(missed -> running.say("note", "MLflow was not told everything: " + missed));
    }

    private void learn(Night night) {
        RunDirectory run = new Nights(running.output(), hadoop())
                .of(folder -> night.text(stages(night, folder).fingerprint()));
        running.say("night", describe(night) + " → " + run.path());
        running.make(configuration(night, run), run, Stages::report);
        publish(night, run);
    }

    /** Ends well, unless there had to be something. */
    private void nothingNew(Night night) {
        String why = "nothing is new to version " + night.production() + " of " + registry.path();
        List<Verdict> failed = settings.gates().ofData().stream()
                .map(gate -> gate.judge(Figures.ofNoData()))
                .filter(verdict -> !verdict.passed())
                .toList();
        if (!failed.isEmpty()) {
            throw new RpoException(
                    RpoException.Kind.GATE,
                    "Cannot retrain: " + why + ", so "
                            + failed.stream().map(Verdict::text).collect(Collectors.joining("; "))
                            + ". Look after what brings the data.");
        }
        running.say("night", why + ", so nothing is trained");
    }

    private String describe(Night night) {
        String news = night.news();
        if (night.production() == 0) {
            return news + "; starts from " + night.model() + ", since nothing is in production";
        }
        return settings.retrain().from() == Start.PRODUCTION
                ? news + "; starts from version " + night.production()
                : news + "; starts from " + night.model() + " and learns "
                        + night.rows().size() + (night.rows().size() == 1 ? " input" : " inputs");
    }

    private void publish(Night night, RunDirectory run) {
        Version version = registry.register(Candidate.of(run));
        running.say("register", "version " + version.number() + " → " + version.model());
        if (registry.wasInProduction(version.number())) {
            running.say(
                    "promote",
                    "nothing: version " + version.number()
                            + " was taken out of production, and nothing has changed since it was trained");
            return;
        }
        registry.promote(version.number(), Optional.of(night.production()));
        running.say(
                "promote",
                "version " + version.number() + (night.production() == 0 ? "" : ", was version " + night.production()));
    }

    private Stages stages(Night night, RunDirectory run) {
        return running.stages(configuration(night, run), run);
    }

    /** That of a run like any other; scores are shared by all nights. */
    private ResolvedConfiguration configuration(Night night, RunDirectory run) {
        List<String> own =
                List.of("rpo.model.path=" + night.model(), "rpo.data.train=" + RunningCommand.list(night.rows()));
        return running.within(sources, run, own, Job.RETRAINING);
    }

    private Configuration hadoop() {
        return running.spark().hadoop();
    }
}
