package ai.rpo.core.reward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.BradleyTerry;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters with a head, as PEFT saves them, against PyTorch and PEFT; {@code lora/make_reward.py} made them. */
class LoraRewardGoldenTest {

    private final Backend backend = Backends.create(Precision.FLOAT32, 2);

    @TempDir
    private Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gemma2"})
    void everyStepIsPefts(String family) throws IOException, URISyntaxException {
        Path folder = resource("lora/" + family + "_reward");
        Path base = resource("families/" + family);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        List<TrainingExample> pairs = Golden.in(base).pairs();
        ModelDirectory start = ModelDirectory.openReward(folder);
        assertArrayEquals(numbers(expected.get("before")), rewards(start, pairs), 1e-4, "before");

        Lora lora = start.adapter().orElseThrow().lora();
        assertEquals(Set.of("score"), lora.saved());
        Trainable trainable = Trainable.of(start, Optional.of(lora), 1, base.toString());
        TrainSettings settings = TrainSettings.builder()
                .learningRate(expected.get("learning_rate").asDouble())
                .schedule(TrainSettings.Schedule.CONSTANT)
                .warmupRatio(0)
                .maxGradNorm(0)
                .build();
        PolicyNetwork network =
                PolicyNetwork.create(TrainPlan.of(trainable, new BradleyTerry(0), settings, Precision.FLOAT32, 100, 2));
        network.freeze(same -> weights(start.withoutAdapter()));
        new Parameters(trainable.layout(), network.state().parameters()).load(trainable.initial());
        for (JsonNode step : expected.get("steps")) {
            var metrics = network.step(pairs);
            assertEquals(step.get("loss").asDouble(), metrics.mean("loss"), 1e-4, "loss");
            double norm = step.get("grad_norm").asDouble();
            assertEquals(norm, metrics.mean("grad_norm"), 2e-3 * norm, "gradient norm");
        }
        ParameterLayout layout = trainable.layout();
        Weights trained = new Parameters(layout, network.state().parameters()).asWeights();
        assertArrayEquals(
                flat(ParameterFile.read(folder.resolve("trained.safetensors"), layout), layout),
                flat(trained, layout),
                5e-4f);

        for (ExportForm.Kind kind : ExportForm.Kind.values()) {
            Path target = temporary.resolve(kind.name());
            trainable.export(target, trained, new ExportForm(kind, Dtype.F32, 1000), Map.of());
            assertArrayEquals(
                    numbers(expected.get("after")),
                    rewards(ModelDirectory.openReward(target), pairs),
                    1e-3,
                    kind.name());
        }
        String config = Files.readString(temporary.resolve("ADAPTER/adapter_config.json"));
        assertTrue(config.contains("\"SEQ_CLS\"") && config.contains("\"score\""), config);
    }

    @Test
    void anAdapterWithoutAHeadGivesNoRewards() throws URISyntaxException {
        Path folder = resource("lora/llama_all");
        RpoException refused = assertThrows(RpoException.class, () -> ModelDirectory.openReward(folder));
        assertTrue(refused.getMessage().contains("has a head"), refused.getMessage());
    }

    private Parameters weights(ModelDirectory model) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        return weights;
    }

    /** Chosen and rejected in turn. */
    private double[] rewards(ModelDirectory model, List<TrainingExample> pairs) {
        return new ReferenceScorer(new Decoder(model.config(), backend), weights(model))
                .completionLogps(pairs.stream().map(TrainingExample::example).toList());
    }

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
