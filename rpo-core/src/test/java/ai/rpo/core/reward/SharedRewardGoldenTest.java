package ai.rpo.core.reward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.SharedModels;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch in double precision: rewards, the loss and its parts, every gradient tensor. */
@Tag("shared")
class SharedRewardGoldenTest {

    static Stream<Arguments> models() {
        List<Backend> backends = List.of(new PlainBackend(), CpuBackend.create(false, 2), new Nd4jBackend());
        return Stream.of("llama", "mistral", "qwen2", "qwen3", "gemma2", "phi3", "gpt2")
                .flatMap(name -> backends.stream().map(backend -> Arguments.of(name, backend)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void rewardsLossAndGradients(String name, Backend backend) {
        RewardGolden golden = RewardGolden.in(SharedModels.SHARED.resolve("golden/reward_" + name));
        assertArrayEquals(golden.rewards(), golden.computedRewards(backend), 1e-4);
        RewardGolden.Step step =
                golden.step(backend, golden.expected().get("center_coefficient").asDouble(), 100, false);
        assertEquals(golden.expected().get("loss").asDouble(), step.metrics().mean("loss"), 1e-5);
        assertEquals(
                golden.expected().get("loss_bradley_terry").asDouble(),
                step.metrics().mean("loss/preference"),
                1e-5);
        assertEquals(
                golden.expected().get("loss_center").asDouble(), step.metrics().mean("loss/center"), 1e-5);
        step.errors().forEach((tensor, error) -> assertTrue(error < 1e-3, tensor + " is off by " + error));
    }
}
