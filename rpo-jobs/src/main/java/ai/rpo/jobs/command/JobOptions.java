package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What every job takes. */
final class JobOptions {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings in HOCON. Every key and its default: docs/configuration.md.")
    private String config;

    @Option(
            names = "--master",
            paramLabel = "URL",
            description =
                    "Spark's master, such as spark://host:7077 or local[4]. All cores of this machine if left out.")
    private String master;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "A setting that wins over the file; as often as you like.")
    private List<String> definitions = new ArrayList<>();

    ConfigurationSources sources() {
        return ConfigurationSources.of(Optional.ofNullable(config), definitions);
    }

    /**
     * Whether the configuration has supervised rows and no preference pairs. One that cannot be read is not one; the
     * command will say what is wrong with it.
     */
    boolean namesSupervisedRowsOnly() {
        try {
            Settings settings = ResolvedConfiguration.load(sources(), List.of()).settings();
            return settings.data().train().isEmpty() && !settings.sft().data().isEmpty();
        } catch (RpoException e) {
            return false;
        }
    }

    Optional<String> master() {
        return Optional.ofNullable(master);
    }
}
