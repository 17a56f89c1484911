package ai.rpo.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.judge.JudgeProtocol;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.objective.RpoObjective.Weight;
import ai.rpo.core.tensor.Precision;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files under conf/, which users start from. */
class RecipesTest {

    private static final Path CHECKOUT = Path.of("..");

    /** The data that a command cannot do without. */
    private static final Map<String, String> NEEDED = Map.of(
            "run", "rpo.data.train",
            "reward", "rpo.data.train",
            "retrain", "rpo.data.train",
            "sft", "rpo.sft.data",
            "benchmark", "rpo.benchmark.data",
            "generate", "rpo.generate.prompts");

    static List<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.walk(CHECKOUT.resolve("conf"))) {
            return files.filter(file -> file.toString().endsWith(".conf"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void opensWithTheCommandThatRunsItAndLacksOnlyWhatThatGives(Path recipe) throws IOException {
        String text = Files.readString(recipe);
        String comment = text.substring(0, text.indexOf("\n\n"));

        Matcher command = Pattern.compile("#   \\./rpo (run|retrain|sft|reward|benchmark|generate) --config "
                        + Pattern.quote(CHECKOUT.relativize(recipe).toString()) + "\\s")
                .matcher(comment);
        assertTrue(command.find(), comment);
        List<String> given = Stream.of(
                        "rpo.model.path",
                        "rpo.data.train",
                        "rpo.data.eval",
                        "rpo.benchmark.data",
                        "rpo.generate.prompts")
                .filter(key -> comment.contains("-D " + key + "="))
                .map(key -> key + "=somewhere")
                .toList();
        Settings settings = load(recipe, given, NEEDED.get(command.group(1)));
        assertTrue(settings.output().orElseThrow().startsWith("runs/"), recipe.toString());
    }

    @Test
    void thePapersSeriesIsWhatThePaperSays() {
        Settings beta = load("zephyr-beta");
        assertEquals(RpoObjective.paper(0.01, 0.005), beta.objective());
        assertEquals(128, beta.train().workers() * beta.train().pairsPerBatch());
        assertEquals(1, beta.train().averagingFrequency());
        assertEquals(5e-7, beta.train().learningRate());
        assertEquals(0.1, beta.train().warmupRatio());
        assertEquals(1, beta.train().epochs());
        assertEquals(1024, beta.data().maxLength().orElseThrow());
        assertEquals(512, beta.data().maxPromptLength().orElseThrow());
        assertEquals(Precision.BFLOAT16, beta.precision());

        Settings gemma = load("zephyr-gemma");
        assertEquals(RpoObjective.paper(0.05, 0.005), gemma.objective());
        assertEquals(2, gemma.train().epochs());
        assertEquals(beta.train().learningRate(), gemma.train().learningRate());

        Settings averaged = load("zephyr-gemma-averaged");
        assertEquals(new RpoObjective(0.5, 0.2, Reduction.SEQUENCE_MEAN, Weight.ETA), averaged.objective());
        assertEquals(gemma.train(), averaged.train());
    }

    /** The paper's evaluation, each recipe of which generates answers and has them judged. */
    @Test
    void judgedRecipesAreTheProtocolsTheyName() {
        Settings winRates = judged("paper-win-rates", "dpo");
        assertEquals(Optional.of(JudgeProtocol.RPO_PAPER), winRates.judge().protocol());
        assertEquals(0, winRates.generate().sampling().temperature());

        Settings mtBench = judged("mt-bench", "dpo");
        assertEquals(Optional.of(JudgeProtocol.MT_BENCH_PAIR), mtBench.judge().protocol());
        assertEquals(
                Map.of(
                        "writing",
                        "0.7",
                        "roleplay",
                        "0.7",
                        "extraction",
                        "0",
                        "math",
                        "0",
                        "coding",
                        "0",
                        "reasoning",
                        "0",
                        "stem",
                        "0.1",
                        "humanities",
                        "0.1"),
                mtBench.generate().temperatures());

        Settings alpacaEval = judged("alpaca-eval-2", "gpt4");
        assertEquals(
                Optional.of(JudgeProtocol.ALPACA_EVAL_2), alpacaEval.judge().protocol());
        assertEquals(
                Optional.of("gpt-4-1106-preview"),
                alpacaEval.judge().asking().endpoint().model());
    }

    private static Settings judged(String recipe, String baseline) {
        Path file = CHECKOUT.resolve("conf/recipes/" + recipe + ".conf");
        try {
            String text = Files.readString(file);
            assertTrue(text.contains("#   ./rpo judge --config conf/recipes/" + recipe + ".conf "), recipe);
            assertTrue(text.contains("-D rpo.judge.candidates." + baseline + "="), recipe);
            assertTrue(text.contains("-D rpo.judge.baseline=" + baseline), recipe);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Settings settings = load(
                file,
                List.of(
                        "rpo.model.path=somewhere",
                        "rpo.generate.prompts=somewhere",
                        "rpo.judge.candidates.rpo=somewhere",
                        "rpo.judge.candidates." + baseline + "=elsewhere",
                        "rpo.judge.baseline=" + baseline),
                "rpo.judge.candidates");
        assertEquals(
                Map.of("rpo", "somewhere", baseline, "elsewhere"),
                settings.judge().candidates());
        return settings;
    }

    private static Settings load(String recipe) {
        return load(
                CHECKOUT.resolve("conf/recipes/" + recipe + ".conf"),
                List.of("rpo.model.path=somewhere", "rpo.data.train=somewhere"),
                "rpo.data.train");
    }

    private static Settings load(Path recipe, List<String> definitions, String data) {
        ConfigurationSources sources =
                new ConfigurationSources(Optional.of(recipe.toString()), ConfigFactory.empty(), definitions);
        return ResolvedConfiguration.load(sources, List.of("rpo.output", "rpo.model.path", data))
                .settings();
    }
}
