package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.jobs.ProgramHere;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @Test
    void theWorkOfOtherCommandsIsLookedAtWhereTheyAreNamed() throws IOException {
        String ensemble = validate(0, "reward-ensemble", "llama", "reward");
        assertTrue(ensemble.contains("members     4"), ensemble);
        assertTrue(ensemble.contains("Bradley-Terry"), ensemble);
        assertTrue(ensemble.contains("reward      would be made"), ensemble);

        Path reward = work.resolve("reward-model");
        ModelDirectory head =
                ModelDirectory.openForRewards(CHECKOUT.resolve("rpo-core/src/test/resources/families/llama"), 1);
        new ModelExport(head, Dtype.F32).write(reward, head.weights(), Map.of());
        String prompts = "rpo.online.prompts=" + work.resolve("pairs.jsonl");
        String[] rounds = {"online", "-D", prompts, "-D", "rpo.rate.model=" + reward};
        String online = validate(0, "online", "llama", rounds);
        assertTrue(online.contains("rounds      3: 4 answers of at most 256 tokens to each prompt, rated by"), online);
        assertTrue(online.contains("to train"), online);
        rounds[4] = "rpo.rate.model=" + CHECKOUT.resolve("rpo-core/src/test/resources/families/llama");
        String refused = validate(2, "online", "llama", rounds);
        assertTrue(refused.contains("as a reward model: its config.json names no architecture"), refused);

        String rate = validate(
                0,
                "online",
                "llama",
                "rate",
                "-D",
                "rpo.rate.model=" + reward,
                "-D",
                "rpo.rate.completions=" + work.resolve("pairs.jsonl"));
        assertTrue(rate.contains("rate        would be made"), rate);
        String unknown = validate(2, "laptop", "llama", "dance");
        assertTrue(unknown.contains("none of the commands run, sft, reward, rate, gauge, online. Name one"), unknown);
    }

    private String validate(int exitCode, String recipe, String family, String... more) throws IOException {
        Path pairs = Files.writeString(
                work.resolve("pairs.jsonl"),
                "{\"prompt_ids\": [1, 5], \"chosen_ids\": [4, 2], \"rejected_ids\": [7, 2]}\n".repeat(20));
        String[] usual = {
            "validate",
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
        return ProgramHere.printed(
                exitCode, Stream.of(usual, more).flatMap(Arrays::stream).toList());
    }
}
