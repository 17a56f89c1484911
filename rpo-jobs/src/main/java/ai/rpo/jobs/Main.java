package ai.rpo.jobs;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.command.BenchmarkCommand;
import ai.rpo.jobs.command.CompareCommand;
import ai.rpo.jobs.command.DemoCommand;
import ai.rpo.jobs.command.EvaluateCommand;
import ai.rpo.jobs.command.ExportCommand;
import ai.rpo.jobs.command.GaugeCommand;
import ai.rpo.jobs.command.GenerateCommand;
import ai.rpo.jobs.command.JudgeCommand;
import ai.rpo.jobs.command.OnlineCommand;
import ai.rpo.jobs.command.PlanCommand;
import ai.rpo.jobs.command.PrepareCommand;
import ai.rpo.jobs.command.RateCommand;
import ai.rpo.jobs.command.RegistryCommand;
import ai.rpo.jobs.command.ReportCommand;
import ai.rpo.jobs.command.RerunCommand;
import ai.rpo.jobs.command.RetrainCommand;
import ai.rpo.jobs.command.RewardCommand;
import ai.rpo.jobs.command.RunCommand;
import ai.rpo.jobs.command.ScoreCommand;
import ai.rpo.jobs.command.SftCommand;
import ai.rpo.jobs.command.StatusCommand;
import ai.rpo.jobs.command.SweepCommand;
import ai.rpo.jobs.command.TheoryCommand;
import ai.rpo.jobs.command.TrainCommand;
import ai.rpo.jobs.command.ValidateCommand;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: {@code ./rpo} and {@code spark-submit --class ai.rpo.jobs.Main} both come here. */
@Command(
        name = "rpo",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        header =
                "Regularized Preference Optimization on Spark: preference pairs in, an aligned Hugging Face model out.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "A command makes what it needs and does not find, uses again what was made with",
            "the same settings, and goes on where it was interrupted.",
            "",
            "  ./rpo help COMMAND",
            "  ./rpo run --config conf/recipes/laptop.conf -D rpo.model.path=MODEL \\",
            "      -D rpo.data.train=PAIRS.jsonl",
            "",
            "Exit codes: 0 done; 2 the configuration or something it names cannot be used;",
            "3 the data are not fit; 4 a gate was not passed; 5 worth trying again;",
            "1 anything else."
        },
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            PrepareCommand.class,
            ScoreCommand.class,
            SftCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            ExportCommand.class,
            ReportCommand.class,
            GenerateCommand.class,
            RewardCommand.class,
            RateCommand.class,
            GaugeCommand.class,
            OnlineCommand.class,
            JudgeCommand.class,
            BenchmarkCommand.class,
            ValidateCommand.class,
            PlanCommand.class,
            TheoryCommand.class,
            RegistryCommand.class,
            StatusCommand.class,
            CompareCommand.class,
            SweepCommand.class,
            RetrainCommand.class,
            RerunCommand.class,
            HelpCommand.class
        })
public final class Main implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"rpo " + ProgramVersion.get()};
        }
    }

    private Main() {}

    /** No command was given. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return RpoException.Kind.CONFIGURATION.exitCode();
    }

    public static void main(String[] arguments) {
        int exitCode = execute(arguments);
        if (!SparkLauncher.isClusterMode()) {
            System.exit(exitCode);
        }
        if (exitCode != 0) {
            // A cluster manager takes a driver that returns for one that succeeded.
            throw new RpoException(
                    RpoException.Kind.OTHER, "The command failed with exit code " + exitCode + "; see status.json.");
        }
    }

    /** @return the exit code */
    static int execute(String... arguments) {
        return new CommandLine(new Main())
                .setParameterExceptionHandler((e, given) -> {
                    CommandLine command = e.getCommandLine();
                    command.getErr().println(e.getMessage());
                    UnmatchedArgumentException.printSuggestions(e, command.getErr());
                    command.getErr().println("Run './rpo help' for what there is.");
                    return RpoException.Kind.CONFIGURATION.exitCode();
                })
                .setHelpFactory((spec, colors) -> {
                    spec.parser().separator(" "); // the words are parsed by now; help reads --config FILE
                    return new CommandLine.Help(spec, colors);
                })
                .setUsageHelpAutoWidth(true)
                .execute(arguments);
    }
}
