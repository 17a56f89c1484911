package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code validate} on each recipe, with a small model of its family in place of the real one. */
class RecipeValidationTest {

    private static final Path CHECKOUT = Path.of("..");

    @TempDir
    private Path work;

    @ParameterizedTest
    @CsvSource({
        "zephyr-beta, mistral",
        "zephyr-gemma, gemma",
        "zephyr-gemma-averaged, gemma",
        "lora-24gb, mistral",
        "full-80gb, mistral",
        "laptop, llama",
        "nightly, llama"
    })
    void isAccepted(String recipe, String family) throws IOException {
        String out = validate(0, recipe, family);
        assertTrue(out.contains("memory "), out);
        assertTrue(out.contains("to train"), out);
    }

    /** The recipe computes in bfloat16, where weights that nobody changes take half. */
    @Test
    void theMemoryOfWeightsThatAreOnlyReadIsThatOfTheirPrecision() throws IOException {
        String processors = validate(0, "zephyr-beta", "mistral");
        assertTrue(processors.contains("rows of 64 tokens; weights that are only read in bfloat16"), processors);
        String gpus = validate(0, "zephyr-beta", "mistral", "-D", "spark.executor.resource.gpu.amount=1");
        assertTrue(gpus.contains("for one task on a GPU; rows of 64 tokens"), gpus);
        assertTrue(gpus.contains("not checked: say how much the GPU has with --device-memory"), gpus);
    }

    @Test
    void whatCannotFitIsRefusedWithWhatWouldHelp() throws IOException {
        String out = validate(
                2,
                "laptop",
                "llama",
                "--master",
                "spark://nowhere:7077",
                "-D",
                "spark.jars=rpo.jar",
                "-D",
                "spark.executor.memoryOverhead=1",
                "-D",
                "rpo.train.tokens-per-micro-batch=100000");
        assertTrue(out.contains("rpo.lora.rank"), out);
        assertTrue(out.contains("spark.executor.memoryOverhead"), out);
    }

    @Test
    void theMemoryThatIsMeantMayBeAnotherMachines() throws IOException {
        String refused =
                validate(2, "laptop", "llama", "--memory", "1m", "-D", "rpo.train.tokens-per-micro-batch=100000");
        assertTrue(refused.contains("Cannot run in 1 MB of native memory (given with --memory)"), refused);
        String accepted = validate(0, "laptop", "llama", "--memory", "80g");
        assertTrue(accepted.contains("81,920 MB: given with --memory"), accepted);
        String nonsense = validate(2, "laptop", "llama", "--memory", "much");
        assertTrue(nonsense.contains("Cannot use --memory much: it is not a size above 0."), nonsense);
    }

    private String validate(int exitCode, String recipe, String family, String... more) throws IOException {
        Path pairs = Files.writeString(
                work.resolve("pairs.jsonl"),
                "{\"prompt_ids\": [1, 5], \"chosen_ids\": [4, 2], \"rejected_ids\": [7, 2]}\n".repeat(20));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream both = new PrintStream(printed, true, StandardCharsets.UTF_8);
        try {
            System.setOut(both);
            System.setErr(both);
            String[] usual = {
                "--config",
                CHECKOUT.resolve("conf/recipes/" + recipe + ".conf").toString(),
                "-D",
                "rpo.model.path=" + CHECKOUT.resolve("rpo-core/src/test/resources/families/" + family),
                "-D",
                "rpo.data.train=" + pairs,
                "-D",
                "rpo.data.eval=" + pairs,
                "-D",
                "rpo.data.eval-fraction=0",
                "-D",
                "rpo.data.max-length=64",
                "-D",
                "rpo.output=" + work.resolve("run")
            };
            String[] arguments = Stream.of(usual, more).flatMap(Arrays::stream).toArray(String[]::new);
            int actual = new CommandLine(new ValidateCommand()).execute(arguments);
            assertEquals(exitCode, actual, printed.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
