package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
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
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that begin with an adapter which PEFT saved, against PyTorch and PEFT; {@code lora/make_lora.py} made them. */
class LoraGoldenTest {

    private final Backend backend = Backends.create(Precision.FLOAT32, 2);

    @TempDir
    private Path temporary;

    @ParameterizedTest
    @CsvSource({
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
    })
    void everyStepIsPefts(String name, String family) throws IOException, URISyntaxException {
        Path folder = resource("lora/" + name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        Golden golden = Golden.in(resource("families/" + family));
        ModelDirectory start = ModelDirectory.open(folder);
        assertArrayEquals(numbers(expected.get("before")), logps(start, golden.pairs()), 2e-4, "before");

        Trainable trainable =
                Trainable.of(start, Optional.of(start.adapter().orElseThrow().lora()), 1, "base");
        PolicyNetwork network = network(
                trainable,
                RpoObjective.paper(golden.number("beta"), golden.number("eta")),
                TrainSettingsFixture.constantRate(expected.get("learning_rate").asDouble())
                        .build(),
                100);
        for (JsonNode step : expected.get("steps")) {
            var metrics = network.step(golden.pairs());
            assertEquals(step.get("loss").asDouble(), metrics.mean("loss"), 2e-4, "loss");
            double norm = step.get("grad_norm").asDouble();
            assertEquals(norm, metrics.mean("grad_norm"), 2e-3 * norm, "gradient norm");
        }
        Parameters trained = new Parameters(trainable.layout(), network.state().parameters());
        ParameterLayout layout = trainable.layout();
        Weights expectedWeights = ParameterFile.read(folder.resolve("trained.safetensors"), layout);
        assertArrayEquals(flat(expectedWeights, layout), flat(trained.asWeights(), layout), 5e-4f);

        for (ExportForm.Kind kind : ExportForm.Kind.values()) {
            Path target = temporary.resolve(kind.name());
            trainable.export(target, trained.asWeights(), new ExportForm(kind, Dtype.F32, 1000), Map.of());
            ModelDirectory exported = kind == ExportForm.Kind.FULL
                    ? ModelDirectory.open(target)
                    : ModelDirectory.open(target, golden.folder());
            assertArrayEquals(numbers(expected.get("after")), logps(exported, golden.pairs()), 3e-3, kind.name());
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
        List<TrainingExample> pairs = golden.pairs();
        int batch = (int) golden.number("batch");
        int epochs = (int) golden.number("epochs");
        int steps = epochs * pairs.size() / batch;
        assertEquals(steps, expected.get("steps").size());
        PolicyNetwork network = network(
                trainable,
                RpoObjective.paper(golden.number("beta"), golden.number("runs", "rpo", "eta")),
                TrainSettingsFixture.constantRate(expected.get("learning_rate").asDouble())
                        .cosine(0.1)
                        .maxGradNorm(golden.number("max_grad_norm"))
                        .build(),
                steps);
        for (int s = 0; s < steps; s++) {
            int from = s * batch % pairs.size();
            var metrics = network.step(pairs.subList(from, from + batch));
            JsonNode step = expected.get("steps").get(s);
            double loss = step.get("loss").asDouble();
            double norm = step.get("grad_norm").asDouble();
            assertEquals(loss, metrics.mean("loss"), 1e-4 * loss, "loss of step " + s);
            assertEquals(norm, metrics.mean("grad_norm"), 1e-2 * norm, "gradient norm of step " + s);
        }
        Path exported = temporary.resolve("merged");
        trainable.export(
                exported,
                new Parameters(trainable.layout(), network.state().parameters()).asWeights(),
                ExportForm.full(Dtype.F32),
                Map.of());
        double[] after = numbers(expected.get("after"));
        double[] logps = logps(ModelDirectory.open(exported), pairs.subList(0, batch));
        for (int i = 0; i < after.length; i++) {
            assertEquals(after[i], logps[i], 1e-4 * Math.abs(after[i]), "completion " + i);
        }
    }

    private PolicyNetwork network(Trainable trainable, RpoObjective objective, TrainSettings settings, int totalSteps) {
        PolicyNetwork network =
                PolicyNetwork.create(TrainPlan.of(trainable, objective, settings, Precision.FLOAT32, totalSteps, 2));
        network.freeze(backend -> frozen(trainable.start().withoutAdapter()));
        new Parameters(trainable.layout(), network.state().parameters()).load(trainable.initial());
        return network;
    }

    private Parameters frozen(ModelDirectory model) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        return weights;
    }

    private double[] logps(ModelDirectory model, List<TrainingExample> pairs) {
        return new ReferenceScorer(new Decoder(model.config(), backend), frozen(model))
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
