package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Holds the options that every job takes. */
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
     * The configuration of a command that takes preference pairs, or supervised rows if nothing else is named.
     *
     * @throws RpoException naming everything that is wrong
     */
    ResolvedConfiguration ofGivenRows() {
        return ResolvedConfiguration.load(sources(), Job.PREFERENCE, Job.SUPERVISED);
    }

    /**
     * Gives the configuration of a command whose work is looked at.
     *
     * @param work empty for one of {@link #ofGivenRows}
     * @throws RpoException naming everything that is wrong
     */
    ResolvedConfiguration of(Optional<Work> work) {
        return work.map(named -> ResolvedConfiguration.load(sources(), named.required()))
                .orElseGet(this::ofGivenRows);
    }

    Optional<String> master() {
        return Optional.ofNullable(master);
    }
}
