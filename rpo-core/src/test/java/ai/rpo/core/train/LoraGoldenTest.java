package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs that begin with an adapter which PEFT saved, against PyTorch and PEFT; {@code lora/make_lora.py} made them. */
class LoraGoldenTest {

    private static final String[] ADAPTERS = {
        "llama_query_value, llama",
        "llama_all, llama",
        "qwen3_all, qwen3",
        "gemma2_all, gemma2",
        "phi3_fused, phi3",
        "ministral3_all, ministral3",
        "gemma3_all, gemma3",
        "olmo2_all, olmo2",
        "olmo3_all, olmo3",
        "smollm3_all, smollm3",
        "granite_all, granite",
        "exaone4_all, exaone4",
        "glm4_all, glm4",
        "cohere2_all, cohere2",
        "stablelm_all, stablelm",
        "starcoder2_all, starcoder2",
        "phi_all, phi",
        "gpt_neox_all, gpt_neox",
        "mixtral_attention, mixtral",
        "qwen2_moe_attention, qwen2_moe",
        "qwen3_moe_attention, qwen3_moe",
        "olmoe_attention, olmoe",
        "gpt_oss_attention, gpt_oss",
        "mixtral_experts, mixtral",
        "qwen3_moe_experts, qwen3_moe",
        "gpt_oss_experts, gpt_oss",
        "llama_patterns, llama",
        "llama_layers, llama",
        "llama_saved, llama",
        "granite_tied, granite",
        "llama_dora, llama",
        "glm4_dora, glm4",
        "gpt2_dora, gpt2",
        "llama_dropout, llama",
        "llama_dora_dropout, llama",
        "qwen3_saved, qwen3",
        "gpt2_all, gpt2"
    };

    /** What an emulated device, some hundred times slower, computes in a few seconds: ranks by projection, DoRA, experts. */
    private static final Set<String> FEW = Set.of("llama_patterns", "llama_dora", "gpt_oss_experts");

    /** Of a gradient's norm, relatively. */
    private static final double TOLERANCE = 2e-3;

    /** Eight steps of Adam amplify the rounding of a device's functions. */
    private static final double DEVICE_TOLERANCE = 1e-2;

    /**
     * Of a log-probability after training: one adapter's steps amplify rounding. Kernels that are equally exact, with AVX2 or
     * AVX-512, come to 0.0009 to 0.0035 there, and to at most 0.0003 with every other.
     */
    private static final double AMPLIFIED = 8e-3;

    @TempDir
    private Path temporary;

    /** Each with the model that it lies on. */
    static Stream<Arguments> adapters() {
        return Stream.of(ADAPTERS).map(names -> Arguments.of((Object[]) names.split(", ")));
    }

    /** All of them on a real device. */
    static Stream<Arguments> adaptersOfADevice() {
        return adapters().filter(names -> EmulatedDevice.isReal() || FEW.contains(names.get()[0]));
    }

    @ParameterizedTest
    @MethodSource("adapters")
    void everyStepIsPefts(String name, String family) throws IOException, URISyntaxException {
        Assumptions.assumeFalse(EmulatedDevice.isReal());
        compare(name, family, backend(), TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("adaptersOfADevice")
    void soIsEveryStepOnAnEmulatedDevice(String name, String family) throws IOException, URISyntaxException {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
        compare(name, family, EmulatedDevice.backend(false), DEVICE_TOLERANCE);
    }

    private void compare(String name, String family, Backend backend, double tolerance)
            throws IOException, URISyntaxException {
        Path folder = resource("lora/" + name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        Golden golden = Golden.in(resource("families/" + family));
        ModelDirectory start = ModelDirectory.open(folder);
        assertArrayEquals(numbers(expected.get("before")), logps(start, golden.pairs(), backend), 2e-4, "before");

        Trainable trainable =
                Trainable.of(start, Optional.of(start.adapter().orElseThrow().lora()), 1, "base");
        Trainer trainer = trainer(
                trainable,
                RpoObjective.paper(golden.number("beta"), golden.number("eta")),
                TrainSettingsFixture.constantRate(expected.get("learning_rate").asDouble())
                        .build(),
                100,
                backend);
        for (JsonNode step : expected.get("steps")) {
            var metrics = trainer.step(golden.pairs());
            assertEquals(step.get("loss").asDouble(), metrics.mean("loss"), 2e-4, "loss");
            double norm = step.get("grad_norm").asDouble();
            assertEquals(norm, metrics.mean("grad_norm"), tolerance * norm, "gradient norm");
        }
        Parameters trained = new Parameters(trainable.layout(), trainer.state().parameters());
        ParameterLayout layout = trainable.layout();
        Weights expectedWeights = ParameterFile.read(folder.resolve("trained.safetensors"), layout);
        assertArrayEquals(flat(expectedWeights, layout), flat(trained.asWeights(), layout), 5e-4f);

        for (ExportForm.Kind kind : ExportForm.Kind.values()) {
            Path target = temporary.resolve(kind.name());
            trainable.export(target, trained.asWeights(), new ExportForm(kind, Dtype.F32, 1000), Map.of());
            ModelDirectory exported = kind == ExportForm.Kind.FULL
                    ? ModelDirectory.open(target)
                    : ModelDirectory.open(target, golden.folder());
            assertArrayEquals(
                    numbers(expected.get("after")),
                    logps(exported, golden.pairs(), backend),
                    name.equals("exaone4_all") ? AMPLIFIED : 3e-3,
                    kind.name());
        }
    }

    /** The whole loss curve of a fresh adapter, of B zero, on a real model. */
    @Test
    @Tag("shared")
    void aRunOnStories() throws IOException, URISyntaxException {
        Path shared = Path.of(System.getProperty("rpo.shared"));
        Path folder = resource("lora/stories260k");
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        Golden golden = new Golden(
                folder,
                null,
                new ObjectMapper()
                        .readTree(shared.resolve("golden/stories260k_run.json").toFile()));
        ModelDirectory start = ModelDirectory.open(folder, shared.resolve("models/stories260k"));
        Trainable trainable =
                Trainable.of(start, Optional.of(start.adapter().orElseThrow().lora()), 1, "base");
        Backend backend = backend();
        List<TrainingExample> pairs = golden.pairs();
        int batch = (int) golden.number("batch");
        int epochs = (int) golden.number("epochs");
        int steps = epochs * pairs.size() / batch;
        assertEquals(steps, expected.get("steps").size());
        Trainer trainer = trainer(
                trainable,
                RpoObjective.paper(golden.number("beta"), golden.number("runs", "rpo", "eta")),
                TrainSettingsFixture.constantRate(expected.get("learning_rate").asDouble())
                        .cosine(0.1)
                        .maxGradNorm(golden.number("max_grad_norm"))
                        .build(),
                steps,
                backend);
        for (int s = 0; s < steps; s++) {
            int from = s * batch % pairs.size();
            var metrics = trainer.step(pairs.subList(from, from + batch));
            JsonNode step = expected.get("steps").get(s);
            double loss = step.get("loss").asDouble();
            double norm = step.get("grad_norm").asDouble();
            assertEquals(loss, metrics.mean("loss"), 1e-4 * loss, "loss of step " + s);
            assertEquals(norm, metrics.mean("grad_norm"), 1e-2 * norm, "gradient norm of step " + s);
        }
        Path exported = temporary.resolve("merged");
        trainable.export(
                exported,
                new Parameters(trainable.layout(), trainer.state().parameters()).asWeights(),
                ExportForm.full(Dtype.F32),
                Map.of());
        double[] after = numbers(expected.get("after"));
        double[] logps = logps(ModelDirectory.open(exported), pairs.subList(0, batch), backend);
        for (int i = 0; i < after.length; i++) {
            assertEquals(after[i], logps[i], 1e-4 * Math.abs(after[i]), "completion " + i);
        }
    }

    private static Backend backend() {
        return Backends.create(Precision.FLOAT32, 2);
    }

    private static Trainer trainer(
            Trainable trainable, RpoObjective objective, TrainSettings settings, int totalSteps, Backend backend) {
        Trainer trainer =
                new Trainer(TrainPlan.of(trainable, objective, settings, Precision.FLOAT32, totalSteps, 2), backend);
        trainer.freeze(device -> frozen(trainable.start().withoutAdapter(), device));
        new Parameters(trainable.layout(), trainer.state().parameters()).load(trainable.initial());
        return trainer;
    }

    private static Parameters frozen(ModelDirectory model, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        return weights;
    }

    private static double[] logps(ModelDirectory model, List<TrainingExample> pairs, Backend backend) {
        return new ReferenceScorer(new Decoder(model.config(), backend), frozen(model, backend))
                .completionLogps(pairs.stream().map(TrainingExample::example).toList());
    }

    /** In the order of the layout, each weight as in a file. */
    private static float[] flat(Weights weights, ParameterLayout layout) {
        float[] numbers = new float[Math.toIntExact(layout.size())];
        for (ParameterLayout.Entry entry : layout.entries()) {
            weights.read(entry, 0, FloatBuffer.wrap(numbers, (int) entry.offset(), (int) entry.size()));
        }
        return numbers;
    }

    private static double[] numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private Path resource(String name) throws URISyntaxException {
        return Path.of(getClass().getResource("/" + name).toURI());
    }
}
