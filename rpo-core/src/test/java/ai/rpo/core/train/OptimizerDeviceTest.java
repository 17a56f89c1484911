package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import ai.rpo.core.train.TrainSettings.OptimizerDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One backend computes, another one updates: with the numbers of one that does both. */
class OptimizerDeviceTest {

    private static final String CONFIG = """
            {
              "model_type": "qwen2", "vocab_size": 23, "hidden_size": 12, "intermediate_size": 10,
              "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 64,
              "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;
    private static final int STEPS = 4;

    private final Backend home = CpuBackend.create(false, 2);

    /** The processor, and a device in both precisions where one can be emulated. */
    static Stream<Backend> backends() {
        List<Backend> backends = new ArrayList<>(List.of(CpuBackend.create(false, 2)));
        EmulatedDevice.backends().values().forEach(backends::add);
        if (EmulatedDevice.missing().isEmpty()) {
            backends.add(EmulatedDevice.backend(true));
        }
        return backends.stream();
    }

    @ParameterizedTest
    @MethodSource("backends")
    void bothHomesTrainTheSameModel(Backend backend) {
        for (TrainPlan plan : List.of(plan(adam()), plan(adam().sgd()))) {
            try (Trainer there = new Trainer(plan, backend);
                    Trainer away = new Trainer(plan, backend, home)) {
                fill(there.state().parameters());
                fill(away.state().parameters());
                for (int i = 0; i < STEPS; i++) {
                    StepMetrics expected = there.step(pairs());
                    StepMetrics actual = away.step(pairs());
                    assertEquals(expected.mean("loss"), actual.mean("loss"), 1e-5, "step " + i);
                    assertEquals(
                            expected.mean("grad_norm"), actual.mean("grad_norm"), 1e-4 * expected.mean("grad_norm"));
                }
                assertClose(there.state(), away.state());
            }
        }
    }

    /** A checkpoint of either is one of the other. */
    @ParameterizedTest
    @MethodSource("backends")
    void eitherGoesOnFromTheOthersState(Backend backend) {
        TrainPlan plan = plan(adam());
        try (Trainer whole = new Trainer(plan, backend)) {
            fill(whole.state().parameters());
            step(whole, 2 * STEPS);
            for (boolean firstAway : new boolean[] {true, false}) {
                try (Trainer first = firstAway ? new Trainer(plan, backend, home) : new Trainer(plan, backend);
                        Trainer second = firstAway ? new Trainer(plan, backend) : new Trainer(plan, backend, home)) {
                    fill(first.state().parameters());
                    step(first, STEPS);
                    step(second, 1); // on weights of zero, which must be forgotten
                    copy(first.state().parameters(), second.state().parameters());
                    copy(
                            first.state().moments().orElseThrow(),
                            second.state().moments().orElseThrow());
                    second.state().setStep(first.state().step());
                    step(second, STEPS);
                    assertClose(whole.state(), second.state());
                }
            }
        }
    }

    /** In pieces that end within matrices, and between those that decay and those that do not. */
    @Test
    void piecesMakeAWhole() {
        TrainPlan plan = plan(adam());
        Backend plain = new PlainBackend();
        long size = plan.layout().size();
        TrainState expected = TrainState.allocate(plain, size, plan.optimizer());
        TrainState actual = TrainState.allocate(home, size, plan.optimizer());
        fill(expected.parameters());
        fill(actual.parameters());
        Storage gradient = plain.allocate(size);
        fill(gradient);
        AwayFromHome away = new AwayFromHome(plan, plain, home, 17);
        away.step(plan.optimizer(), actual, gradient, 0.1);
        away.refresh(actual.parameters());
        plan.optimizer().step(expected, gradient, plan.layout(), 0.1, plain);
        assertClose(expected, actual);
        Parameters updated = new Parameters(plan.layout(), actual.parameters());
        for (String name :
                List.of("model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight", "model.norm.weight")) {
            assertArrayEquals(
                    updated.get(name).toArray(), away.weights().get(name).toArray());
        }
        away.free();
    }

    /** What the state and its passes need decides, unless one is named. */
    @Test
    void theDeviceIsHomeIfItHasRoom() {
        long reserve = TrainingMemory.RESERVE;
        TrainPlan plan = plan(adam());
        assertFalse(TrainingMemory.isAtHome(plan, reserve + (1 << 20)));
        assertTrue(TrainingMemory.isAtHome(plan, reserve + (16 << 10)));
        assertTrue(TrainingMemory.isAtHome(plan(adam().optimizerDevice(OptimizerDevice.HOST)), Long.MAX_VALUE));
        assertFalse(TrainingMemory.isAtHome(plan(adam().optimizerDevice(OptimizerDevice.DEVICE)), 0));
    }

    /** Worked out by hand: parameters, gradients and two moments, or rounded matrices beside float32 tables and vectors. */
    @Test
    void memoryIsThatOfEachHome() {
        TrainPlan plan = plan(adam());
        long parameters = plan.layout().size();
        assertEquals(
                new TrainingMemory(16 * parameters + 400, 0),
                TrainingMemory.of(plan.model(), plan.lora(), 2, 100, Precision.FLOAT32, false));
        assertEquals(
                new TrainingMemory(8 * parameters + 400, 12 * parameters),
                TrainingMemory.of(plan.model(), plan.lora(), 2, 100, Precision.FLOAT32, true));
        long matrices = 2 * (3 * 12 * 12 + 12 * 12 + 3 * 12 * 10); // without the embedding, which is looked up
        assertEquals(
                new TrainingMemory(8 * parameters - 2 * matrices, 12 * parameters),
                TrainingMemory.of(plan.model(), plan.lora(), 2, 0, Precision.BFLOAT16, true));
    }

    @Test
    void aDeviceSaysHowLargeItIs() {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
        Assumptions.assumeFalse(EmulatedDevice.isReal());
        assertEquals(OptionalLong.of(4L << 30), EmulatedDevice.backend(false).deviceMemory());
        assertEquals(OptionalLong.empty(), home.deviceMemory());
    }

    private static TrainSettingsFixture adam() {
        return TrainSettingsFixture.constantRate(1e-3)
                .weightDecay(0.1)
                .maxGradNorm(0.5)
                .tokensPerMicroBatch(12);
    }

    private static TrainPlan plan(TrainSettingsFixture settings) {
        return TrainPlan.of(CONFIG, RpoObjective.paper(0.5, 1), settings.build(), Precision.FLOAT32, 100, 2);
    }

    private static void step(Trainer trainer, int steps) {
        for (int i = 0; i < steps; i++) {
            trainer.step(pairs());
        }
    }

    private static List<TrainingExample> pairs() {
        Example one = new Example(new int[] {1, 5, 9}, List.of(new int[] {4, 7, 2}, new int[] {8, 2}));
        Example two = new Example(new int[] {1, 11}, List.of(new int[] {12, 2}, new int[] {3, 3, 3, 2}));
        return List.of(
                new TrainingExample(0, one, new double[] {-9, -7}),
                new TrainingExample(1, two, new double[] {-6, -12}));
    }

    private static void fill(Storage storage) {
        Random random = new Random(3);
        float[] values = new float[Math.toIntExact(storage.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.3 * random.nextGaussian());
        }
        storage.write(0, values, 0, values.length);
    }

    private static void copy(Storage from, Storage to) {
        float[] values = values(from);
        to.write(0, values, 0, values.length);
    }

    private static void assertClose(TrainState expected, TrainState actual) {
        assertArrayEquals(values(expected.parameters()), values(actual.parameters()), 1e-5f);
        assertEquals(expected.step(), actual.step());
        expected.moments()
                .ifPresent(moments -> assertArrayEquals(
                        values(moments), values(actual.moments().orElseThrow()), 1e-5f));
    }

    private static float[] values(Storage storage) {
        float[] values = new float[Math.toIntExact(storage.size())];
        storage.read(0, values, 0, values.length);
        return values;
    }
}
