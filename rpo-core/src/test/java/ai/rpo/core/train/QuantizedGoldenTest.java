package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Models that bitsandbytes quantised, scored and trained on; {@code quantized/make_quantized.py} made them. */
class QuantizedGoldenTest {

    private static final String[] CASES = {"llama_nf4", "llama_int8", "glm4_nf4_double", "glm4_nf4_narrow"};
    private static final LoraSettings LORA = new LoraSettings(2, 4, 0, List.of("all-linear"), false);

    private final Backend backend = Backends.create(Precision.FLOAT32, 2);

    @TempDir
    private Path temporary;

    static Stream<Arguments> onEveryBackend() {
        List<Backend> backends =
                new ArrayList<>(List.of(new PlainBackend(), CpuBackend.create(false, 2), new Nd4jBackend()));
        backends.addAll(EmulatedDevice.backends().values());
        return Stream.of(CASES).flatMap(name -> backends.stream().map(each -> Arguments.of(name, each)));
    }

    @ParameterizedTest
    @MethodSource("onEveryBackend")
    void scoresAreThoseOfWhatTheBitsStandFor(String name, Backend any) throws IOException, URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("quantized/" + name));
        assertEquals(List.of(), model.unusedTensors());
        double[] found = logps(model, examples(name), any);
        double[] expected = expected(name);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 3e-6 * Math.abs(expected[i]), "completion " + i);
        }
        double[] unpacked = logps(model.with(BasePrecision.FLOAT32), examples(name), any);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(unpacked[i], found[i], 1e-6 * Math.abs(expected[i]), "completion " + i);
        }
    }

    /** Rows that change places and are no whole blocks cannot stay packed; all others do. */
    @ParameterizedTest
    @CsvSource({"llama_nf4, 14, 14", "llama_int8, 14, 14", "glm4_nf4_double, 6, 6", "glm4_nf4_narrow, 12, 8"})
    void matricesStayPacked(String name, int matrices, int packed) throws URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("quantized/" + name));
        Weights weights = model.weights();
        List<ParameterLayout.Entry> quantized = ParameterLayout.of(model.config()).entries().stream()
                .filter(entry -> entry.name().matches(".*layers.*_proj\\.weight"))
                .toList();
        assertEquals(matrices, quantized.size());
        assertEquals(
                packed,
                quantized.stream()
                        .filter(entry -> weights.packing(entry).isPresent())
                        .count());
    }

    /** Forward and backward through packed matrices give an adapter the same steps as through their numbers. */
    @ParameterizedTest
    @CsvSource({"llama_nf4", "llama_int8", "glm4_nf4_double", "glm4_nf4_narrow"})
    void anAdapterLearnsTheSame(String name) throws IOException, URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("quantized/" + name));
        assertArrayEquals(
                trained(model.with(BasePrecision.FLOAT32).weights(), model, name),
                trained(model.weights(), model, name),
                2e-6f);
    }

    @ParameterizedTest
    @EnumSource(
            value = BasePrecision.class,
            names = {"NF4", "INT8", "BFLOAT16"})
    void floatWeightsAreQuantizedWhenRead(BasePrecision precision) throws IOException, URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("families/qwen3_moe"));
        ModelDirectory kept = model.with(precision);
        assertTrue(kept.isQuantized());
        List<Example> examples = examples("llama_nf4");
        double[] exact = logps(model, examples, backend);
        double[] packed = logps(kept, examples, backend);
        Weights numbers = kept.weights()::read; // packs nothing
        double[] unpacked = new ReferenceScorer(
                        new Decoder(model.config(), backend), Parameters.readOnly(model.config(), numbers, backend))
                .completionLogps(examples);
        double most = 0;
        for (int i = 0; i < exact.length; i++) {
            assertEquals(unpacked[i], packed[i], 1e-6 * Math.abs(exact[i]), "completion " + i);
            most = Math.max(most, Math.abs(exact[i] - packed[i]));
        }
        assertTrue(most > 1e-5, "as if nothing had been rounded");
        assertArrayEquals(trained(numbers, kept, "llama_nf4"), trained(kept.weights(), kept, "llama_nf4"), 2e-6f);
        assertEquals(model.fingerprint(), kept.fingerprint());
        assertEquals(model.weightsFingerprint() + "-" + precision.key(), kept.weightsFingerprint());
    }

    @Test
    void whatIsExportedStandsAloneInFloats() throws IOException, URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("quantized/llama_nf4"));
        Trainable trainable = Trainable.of(
                model, LORA.on(model), 7, resource("quantized/llama_nf4").toString());
        PolicyNetwork network = network(trainable, model.weights());
        network.step(pairs("llama_nf4"));
        Weights numbers = new Parameters(trainable.layout(), network.state().parameters()).asWeights();
        Path merged = temporary.resolve("merged");
        trainable.export(merged, numbers, ExportForm.full(Dtype.F32), Map.of());
        Path adapter = temporary.resolve("adapter");
        trainable.export(
                adapter, numbers, new ExportForm(ExportForm.Kind.ADAPTER, Dtype.F32, Long.MAX_VALUE), Map.of());

        ModelDirectory alone = ModelDirectory.open(merged);
        assertTrue(!alone.isQuantized() && !alone.configJson().contains("quantization_config"));
        ModelDirectory adapted = ModelDirectory.open(adapter);
        assertTrue(adapted.unmerged().isPresent());
        List<Example> examples = examples("llama_nf4");
        Parameters own = new Parameters(
                trainable.layout(), backend.allocate(trainable.layout().size()));
        own.load(adapted.adapter().orElseThrow().weights());
        double[] beside = new ReferenceScorer(
                        new Decoder(model.config(), adapted.unmerged(), backend),
                        own.over(Parameters.readOnly(model.config(), model.weights(), backend)))
                .completionLogps(examples);
        double[] together = logps(alone, examples, backend);
        double[] read = logps(adapted, examples, backend);
        for (int i = 0; i < beside.length; i++) {
            assertEquals(together[i], beside[i], 3e-6 * Math.abs(beside[i]));
            assertEquals(together[i], read[i], 3e-6 * Math.abs(beside[i]));
        }
    }

    @Test
    void quantizedWeightsAreNotTrained() throws URISyntaxException {
        ModelDirectory model = ModelDirectory.open(resource("quantized/llama_nf4"));
        RpoException all = assertThrows(RpoException.class, () -> Trainable.of(model, Optional.empty(), 1, "anywhere"));
        assertTrue(all.getMessage().contains("they are quantised"), all.getMessage());
        RpoException other = assertThrows(RpoException.class, () -> model.with(BasePrecision.INT8));
        assertTrue(other.getMessage().contains("its files are quantised already, as NF4"), other.getMessage());
        LoraSettings off = new LoraSettings(0, 1, 0, List.of("q_proj"), false, BasePrecision.NF4);
        RpoException alone = assertThrows(RpoException.class, () -> off.on(model));
        assertTrue(alone.getMessage().contains("rpo.lora.rank is 0"), alone.getMessage());
    }

    /** @param frozen lie under the adapter */
    private float[] trained(Weights frozen, ModelDirectory model, String name) throws IOException, URISyntaxException {
        Trainable trainable = Trainable.of(model, LORA.on(model), 7, "base");
        PolicyNetwork network = network(trainable, frozen);
        for (int step = 0; step < 3; step++) {
            network.step(pairs(name));
        }
        float[] numbers = new float[Math.toIntExact(trainable.layout().size())];
        network.state().parameters().read(0, numbers, 0, numbers.length);
        return numbers;
    }

    private static PolicyNetwork network(Trainable trainable, Weights frozen) {
        TrainSettings settings = TrainSettingsFixture.constantRate(0.01).build();
        PolicyNetwork network = PolicyNetwork.create(
                TrainPlan.of(trainable, RpoObjective.paper(0.1, 0.5), settings, Precision.FLOAT32, 3, 2));
        ModelDirectory start = trainable.start();
        network.freeze(each -> Parameters.readOnly(start.config(), frozen, each));
        new Parameters(trainable.layout(), network.state().parameters()).load(trainable.initial());
        return network;
    }

    private static double[] logps(ModelDirectory model, List<Example> examples, Backend any) {
        return new ReferenceScorer(
                        new Decoder(model.config(), any), Parameters.readOnly(model.config(), model.weights(), any))
                .completionLogps(examples);
    }

    private JsonNode golden(String name) throws IOException, URISyntaxException {
        return new ObjectMapper()
                .readTree(resource("quantized/" + name + "/expected.json").toFile());
    }

    private double[] expected(String name) throws IOException, URISyntaxException {
        return StreamSupport.stream(golden(name).get("logps").spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private List<Example> examples(String name) throws IOException, URISyntaxException {
        List<Example> examples = new ArrayList<>();
        for (JsonNode pair : golden(name).get("pairs")) {
            examples.add(
                    new Example(ids(pair.get("prompt")), List.of(ids(pair.get("chosen")), ids(pair.get("rejected")))));
        }
        return examples;
    }

    private List<TrainingExample> pairs(String name) throws IOException, URISyntaxException {
        List<TrainingExample> pairs = new ArrayList<>();
        for (Example example : examples(name)) {
            pairs.add(new TrainingExample(pairs.size(), example, new double[] {-9, -11}));
        }
        return pairs;
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    private Path resource(String name) throws URISyntaxException {
        return Path.of(getClass().getResource("/" + name).toURI());
    }
}
