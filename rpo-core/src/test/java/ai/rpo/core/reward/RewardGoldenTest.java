package ai.rpo.core.reward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.cpu.CpuBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reward models of each family with every option it has, against transformers and PyTorch. */
class RewardGoldenTest {

    private static final String CENTER = "center";

    private final PlainBackend backend = new PlainBackend();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama",
                "llama_padded",
                "llama_openrlhf",
                "mistral",
                "qwen2",
                "qwen3",
                "gemma",
                "gemma2",
                "phi3",
                "phi3_longrope",
                "gpt2",
                "ministral3",
                "mixtral",
                "qwen2_moe",
                "qwen3_moe",
                "gemma3",
                "olmo2",
                "olmo3",
                "smollm3",
                "exaone4",
                "glm4",
                "stablelm",
                "starcoder2",
                "phi",
                "gpt_neox",
                "gpt_oss"
            })
    void rewardsAreThoseOfTransformers(String name) {
        RewardGolden golden = RewardGolden.of(name);
        assertEquals(0, golden.model().unusedTensors().size());
        assertArrayEquals(golden.rewards(), golden.computedRewards(backend), 2e-6);
    }

    @ParameterizedTest
    @CsvSource({
        "llama, false, 1000",
        "llama_padded, false, 1000",
        "mistral, true, 10",
        "qwen2, false, 1000",
        "qwen3, true, 1000",
        "gemma, false, 10",
        "gemma2, true, 1000",
        "phi3, false, 1000",
        "phi3_longrope, false, 10",
        "gpt2, false, 1000",
        "ministral3, false, 1000",
        "mixtral, true, 10",
        "qwen2_moe, false, 1000",
        "qwen3_moe, true, 1000",
        "gemma3, false, 10",
        "olmo2, true, 1000",
        "olmo3, false, 1000",
        "smollm3, true, 10",
        "exaone4, false, 1000",
        "glm4, true, 1000",
        "stablelm, false, 10",
        "starcoder2, true, 1000",
        "phi, false, 1000",
        "gpt_neox, true, 10",
        "gpt_oss, false, 1000"
    })
    void lossAndGradientsAreThoseOfPyTorch(String name, boolean recompute, int tokensPerMicroBatch) {
        RewardGolden golden = RewardGolden.of(name);
        RewardGolden.Step step =
                golden.step(backend, golden.expected().get(CENTER).asDouble(), tokensPerMicroBatch, recompute);
        for (String part : new String[] {"", "/preference", "/" + CENTER}) {
            double expected =
                    golden.expected().get("loss" + part.replace('/', '_')).asDouble();
            assertEquals(expected, step.metrics().mean("loss" + part), 1e-6 * Math.max(1, expected), part);
        }
        step.errors().forEach((tensor, error) -> assertTrue(error < 1e-5, tensor + " is off by " + error));
    }

    @Test
    void aFastBackendAgrees() {
        RewardGolden golden = RewardGolden.of("gemma2");
        CpuBackend fast = CpuBackend.create(false, 2);
        assertArrayEquals(golden.rewards(), golden.computedRewards(fast), 1e-5);
        golden.step(fast, golden.expected().get(CENTER).asDouble(), 1000, false)
                .errors()
                .forEach((tensor, error) -> assertTrue(error < 1e-4, tensor + " is off by " + error));
    }
}
