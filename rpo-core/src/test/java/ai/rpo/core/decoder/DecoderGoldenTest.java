package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Workspace;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against PyTorch in double precision: log-probabilities, the three losses, every gradient tensor. */
@Tag("shared")
public class DecoderGoldenTest {

    private static final String[] MODELS = {
        "llama",
        "llama3",
        "llama_linear",
        "llama_yarn",
        "mistral",
        "mixtral",
        "ministral3",
        "qwen2",
        "qwen3",
        "qwen3_moe",
        "gemma",
        "gemma2",
        "gemma3_text",
        "olmo2",
        "olmo3",
        "olmoe",
        "smollm3",
        "granite",
        "exaone4",
        "glm4",
        "cohere2",
        "stablelm",
        "starcoder2",
        "phi",
        "phi3",
        "phi3_longrope",
        "gpt_neox",
        "gpt_oss",
        "gpt2"
    };

    /** Folders of golden. */
    public static Stream<String> names() {
        return Stream.of(MODELS);
    }

    static Stream<Arguments> models() {
        List<Backend> backends = new ArrayList<>(EmulatedDevice.backends().values());
        if (!EmulatedDevice.isReal()) {
            backends.addAll(List.of(new PlainBackend(), CpuBackend.create(false, 2), new Nd4jBackend()));
        }
        return names().flatMap(name -> backends.stream().map(backend -> Arguments.of(name, backend)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void tokenLogps(String name, Backend backend) {
        Golden golden = Golden.open(name);
        PackedBatch batch = PackedBatch.of(
                golden.pairs().stream().map(TrainingExample::example).toList());
        double[] logps = new Decoder(golden.model().config(), backend)
                .tokenLogps(weights(golden, backend), batch, new Workspace(backend));
        assertArrayEquals(golden.tokenLogps(), logps, 1e-4);
    }

    @ParameterizedTest
    @MethodSource("names")
    void threeLosses(String name) {
        Backend backend = new PlainBackend();
        Golden golden = Golden.open(name);
        double beta = golden.number("beta");
        double weight = golden.number("sft_weight");
        var eta = RpoObjective.Weight.ETA;
        assertLoss(golden, backend, RpoObjective.paper(beta, golden.number("eta")), "paper");
        assertLoss(
                golden,
                backend,
                new RpoObjective(beta, weight, RpoObjective.Reduction.SEQUENCE_MEAN, eta),
                "sequence_mean");
        assertLoss(
                golden, backend, new RpoObjective(beta, weight, RpoObjective.Reduction.TOKEN_MEAN, eta), "token_mean");
    }

    private static void assertLoss(Golden golden, Backend backend, RpoObjective objective, String form) {
        StepMetrics metrics = gradient(
                golden, backend, objective, SmallModel.zeros(golden.model().config(), backend));
        double expected = golden.number("loss", form);
        assertEquals(expected, metrics.mean("loss"), 1e-5 * Math.abs(expected), form);
        assertEquals(golden.number("loss_dpo_term"), metrics.mean("loss/preference"), 1e-5, form);
    }

    @ParameterizedTest
    @MethodSource("models")
    void gradients(String name, Backend backend) throws IOException {
        Golden golden = Golden.open(name);
        Parameters gradients = SmallModel.zeros(golden.model().config(), backend);
        gradient(golden, backend, RpoObjective.paper(golden.number("beta"), golden.number("eta")), gradients);
        float[] expected = golden.flat("grads.safetensors");
        float[] actual = new float[expected.length];
        gradients.storage().read(0, actual, 0, actual.length);
        for (ParameterLayout.Entry entry : gradients.layout().entries()) {
            double difference = 0;
            double norm = 0;
            for (int i = (int) entry.offset(); i < entry.offset() + entry.size(); i++) {
                difference += Math.pow(actual[i] - expected[i], 2);
                norm += Math.pow(expected[i], 2);
            }
            double relative = Math.sqrt(difference / norm);
            assertTrue(relative < 1e-3, entry.name() + " is off by " + relative);
        }
    }

    private static StepMetrics gradient(Golden golden, Backend backend, RpoObjective objective, Parameters gradients) {
        Decoder decoder = new Decoder(golden.model().config(), backend);
        List<TrainingExample> pairs = golden.pairs();
        return new BatchGradient(decoder, objective, 60, false).add(weights(golden, backend), pairs, gradients);
    }

    private static Parameters weights(Golden golden, Backend backend) {
        Parameters weights = SmallModel.zeros(golden.model().config(), backend);
        weights.load(golden.model().weights());
        return weights;
    }
}
