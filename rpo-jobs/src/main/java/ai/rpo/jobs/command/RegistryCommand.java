package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.registry.Candidate;
import ai.rpo.jobs.registry.Registry;
import ai.rpo.jobs.registry.Version;
import ai.rpo.jobs.track.MlflowModels;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./rpo registry}, whose words look at and change the registry at {@code rpo.registry}; none starts Spark. */
@Command(
        name = "registry",
        mixinStandardHelpOptions = true,
        header = "Registered models: which there are, where they came from, which is in production.",
        synopsisSubcommandLabel = "list|show|add|promote|rollback|verify|prune",
        description = "%nWorks on the folder that rpo.registry names.%n")
public final class RegistryCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    /** No word was given. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return RpoException.Kind.CONFIGURATION.exitCode();
    }

    /** Does what one of the words asks for, once the configuration is read. */
    private interface Work {
        void run(Settings settings, Configuration hadoop);
    }

    private static int work(String doing, JobOptions options, List<String> required, Work work) {
        LogFile.silence();
        try {
            ResolvedConfiguration configuration = ResolvedConfiguration.load(options.sources(), required);
            try (SparkLauncher spark = new SparkLauncher("rpo registry", options.master(), configuration.spark())) {
                work.run(configuration.settings(), spark.hadoop());
            }
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of(doing, e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }

    private static Registry open(Settings settings, Configuration hadoop) {
        return Registry.open(settings.registry().orElseThrow(), ProgramVersion.get(), hadoop);
    }

    private static void print(String what, String text) {
        System.out.printf("%-11s %s%n", what, text);
    }

    private static final List<String> REGISTRY = List.of("rpo.registry");

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists all versions, a line for each.")
    int list(@Mixin JobOptions options) {
        return work("list the registry", options, REGISTRY, (settings, hadoop) -> {
            Registry registry = open(settings, hadoop);
            VersionText.list(registry.versions(), registry.productionNumber()).forEach(System.out::println);
        });
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows where a version came from.")
    int show(
            @Mixin JobOptions options,
            @Parameters(
                            paramLabel = "VERSION",
                            description = "Its number; what is in production if left out.",
                            arity = "0..1")
                    Integer number) {
        return work("show a version", options, REGISTRY, (settings, hadoop) -> {
            Registry registry = open(settings, hadoop);
            Version version = number != null ? registry.version(number) : inProduction(registry);
            VersionText.of(version, registry.productionNumber()).forEach(RegistryCommand::print);
        });
    }

    private static Version inProduction(Registry registry) {
        return registry.production()
                .orElseThrow(() -> RpoException.configuration(
                        "Cannot show what is in production in " + registry.path() + ": nothing is. Name a version."));
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Registers the model of the finished run in rpo.output, without putting it into production.")
    int add(@Mixin JobOptions options) {
        return work("register a model", options, List.of("rpo.registry", "rpo.output"), (settings, hadoop) -> {
            Candidate candidate =
                    Candidate.of(new RunDirectory(Stores.path(settings.output().orElseThrow()), hadoop));
            Version version = Registry.openOrMake(settings.registry().orElseThrow(), ProgramVersion.get(), hadoop)
                    .register(candidate);
            print("registered", "version " + version.number() + " → " + version.model());
        });
    }

    @Command(name = "promote", mixinStandardHelpOptions = true, description = "Puts a version into production.")
    int promote(
            @Mixin JobOptions options, @Parameters(paramLabel = "VERSION", description = "Its number.") int number) {
        return work("promote version " + number, options, REGISTRY, (settings, hadoop) -> {
            Optional<MlflowModels> mlflow = MlflowModels.of(settings.mlflow(), System::getenv, hadoop);
            Registry registry = open(settings, hadoop);
            Optional<Integer> before = registry.promote(number, Optional.empty());
            print(
                    "production",
                    "version " + number
                            + before.map(was -> was == number ? ", as before" : ", was version " + was)
                                    .orElse(""));
            tell(mlflow, registry);
        });
    }

    @Command(
            name = "rollback",
            mixinStandardHelpOptions = true,
            description = "Puts the version into production again that was there before the last promotion.")
    int rollback(@Mixin JobOptions options) {
        return work("roll back", options, REGISTRY, (settings, hadoop) -> {
            Optional<MlflowModels> mlflow = MlflowModels.of(settings.mlflow(), System::getenv, hadoop);
            Registry registry = open(settings, hadoop);
            int was = registry.productionNumber().orElse(0);
            print("production", "version " + registry.rollback() + ", was version " + was);
            tell(mlflow, registry);
        });
    }

    private static void tell(Optional<MlflowModels> mlflow, Registry registry) {
        mlflow.flatMap(models -> registry.production().flatMap(models::inProduction))
                .ifPresent(missed -> print("note", "MLflow was not told everything: " + missed));
    }

    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = "Reads every file of every version and holds it against its checksum.")
    int verify(@Mixin JobOptions options) {
        return work("verify the registry", options, REGISTRY, (settings, hadoop) -> {
            Registry registry = open(settings, hadoop);
            List<String> wrong = registry.verify();
            if (!wrong.isEmpty()) {
                throw RpoException.data("Cannot vouch for the registry " + registry.path() + ": "
                        + (wrong.size() == 1 ? "one thing is" : wrong.size() + " things are") + " not as written."
                        + " Put back from a copy what is damaged, or promote a version that is whole."
                        + wrong.stream().map(each -> "\n  " + each).collect(Collectors.joining()));
            }
            int versions = registry.versions().size();
            print("registry", versions + (versions == 1 ? " version, as" : " versions, all as") + " written");
        });
    }

    @Command(
            name = "prune",
            mixinStandardHelpOptions = true,
            description = {
                "Deletes the weights of old versions; their provenance stays.",
                "What is in production, and what a rollback would bring back, keep theirs."
            })
    int prune(
            @Mixin JobOptions options,
            @Option(
                            names = "--keep",
                            paramLabel = "N",
                            required = true,
                            description = "How many of the newest versions keep their weights.")
                    int keep) {
        return work("prune the registry", options, REGISTRY, (settings, hadoop) -> {
            if (keep < 0) {
                throw RpoException.configuration("Cannot keep " + keep + " versions. Give --keep 0 or more.");
            }
            List<Integer> pruned = open(settings, hadoop).prune(keep);
            print(
                    "pruned",
                    pruned.isEmpty()
                            ? "nothing"
                            : "version " + pruned.stream().map(String::valueOf).collect(Collectors.joining(", ")));
        });
    }
}
