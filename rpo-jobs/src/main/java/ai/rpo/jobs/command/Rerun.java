package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.registry.Provenance;
import ai.rpo.jobs.registry.Registry;
import ai.rpo.jobs.registry.Version;
import ai.rpo.spark.store.CheckedFiles;
import ai.rpo.spark.store.CheckedFiles.Content;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.RunDirectory;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;

/** A version trained once more, from nothing but its provenance and what that names. */
final class Rerun {

    private static final String MODEL = "model/";
    private static final String DATE = "rpo.model.template-date";

    private final RunningCommand running;
    private final Configuration hadoop;
    private final Version version;
    private final String name;

    Rerun(RunningCommand running, int number) {
        this.running = running;
        hadoop = running.spark().hadoop();
        String registry = running.configuration().settings().registry().orElseThrow();
        version = Registry.open(registry, ProgramVersion.get(), hadoop).version(number);
        name = "version " + number + " of " + registry;
    }

    void run() {
        Provenance known = version.provenance();
        RunDirectory run = running.output().below(String.format(Locale.ROOT, "reruns/%06d", version.number()));
        ResolvedConfiguration configuration = configuration(known, run);
        Function<Stages, Stage> training = configuration.namesSupervisedRowsOnly() ? Stages::sft : Stages::train;
        requireUnchanged(known, training.apply(running.stages(configuration, run)));
        running.make(configuration, run, training);
        compare(known, run);
    }

    /** The version's own, without what this process's environment says of others. */
    private ResolvedConfiguration configuration(Provenance known, RunDirectory run) {
        List<String> own = new ArrayList<>(List.of("rpo.output=" + run.path()));
        if (known.dependsOn().containsKey(DATE)) {
            own.add(DATE + "=" + known.dependsOn().get(DATE));
        }
        return running.pins()
                .pinned(ResolvedConfiguration.load(
                        new ConfigurationSources(
                                Optional.of(version.configuration().toString()), ConfigFactory.empty(), own),
                        Job.PREFERENCE,
                        Job.SUPERVISED));
    }

    private void requireUnchanged(Provenance known, Stage training) {
        List<String> changed = Pipeline.fingerprint(training).differencesFrom(new Fingerprint(known.dependsOn()));
        if (!changed.isEmpty()) {
            throw RpoException.configuration("Cannot rerun " + name + ": it would not be made from the same, since "
                    + String.join(", ", changed) + (changed.size() == 1 ? " is" : " are")
                    + " not what they were. Put back data and models, and use rpo " + known.program() + ".");
        }
    }

    private void compare(Provenance known, RunDirectory run) {
        Map<String, Content> now = CheckedFiles.of(run.path("model"), hadoop);
        List<String> different = known.files().entrySet().stream()
                .filter(file -> file.getKey().startsWith(MODEL) && file.getKey().endsWith(".safetensors"))
                .filter(file -> !file.getValue().equals(now.get(file.getKey().substring(MODEL.length()))))
                .map(Map.Entry::getKey)
                .toList();
        if (!different.isEmpty()) {
            throw new RpoException(
                    RpoException.Kind.OTHER,
                    "Cannot confirm " + name + ": " + String.join(", ", different) + " came out otherwise in "
                            + run.path()
                            + ". One worker makes the same weights, bit for bit, on processors of the same kind; several"
                            + " make them to rounding.");
        }
        running.say("rerun", "the weights are those of " + name);
    }
}
