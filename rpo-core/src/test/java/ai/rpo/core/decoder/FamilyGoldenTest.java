package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Workspace;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each family with every option it has, against PyTorch; {@code families/make_families.py} made the models. */
class FamilyGoldenTest {

    // transformers computes angles and softmaxes in float32 whatever the model's type.
    private static final double LOGP_TOLERANCE = 5e-6;
    private static final double GRADIENT_TOLERANCE = 3e-5;
    private static final double SMALLEST_NORM = 1e-6; // keys' biases have no gradient where nothing is rotated

    private final PlainBackend backend = new PlainBackend();

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.Golden#families")
    void logpsAndGradientsAreThoseOfPyTorch(String family) throws IOException, URISyntaxException {
        Golden golden = Golden.in(Golden.family(family));
        assertEquals(List.of(), golden.model().unusedTensors());
        Decoder decoder = new Decoder(golden.model().config(), backend);
        Parameters weights = SmallModel.zeros(golden.model().config(), backend);
        weights.load(golden.model().weights());
        List<TrainingExample> pairs = golden.pairs();

        PackedBatch batch =
                PackedBatch.of(pairs.stream().map(TrainingExample::example).toList());
        double[] logps = decoder.tokenLogps(weights, batch, new Workspace(backend));
        assertArrayEquals(golden.tokenLogps(), logps, LOGP_TOLERANCE);

        Parameters gradients = SmallModel.zeros(golden.model().config(), backend);
        RpoObjective objective = RpoObjective.paper(golden.number("beta"), golden.number("eta"));
        var metrics = new BatchGradient(decoder, objective, 60, false).add(weights, pairs, gradients);
        assertEquals(golden.number("loss", "paper"), metrics.mean("loss"), 1e-6);
        assertClose(golden.flat("grads.safetensors"), gradients);
    }

    private static void assertClose(float[] expected, Parameters gradients) {
        float[] actual = new float[expected.length];
        gradients.storage().read(0, actual, 0, actual.length);
        for (ParameterLayout.Entry entry : gradients.layout().entries()) {
            double difference = 0;
            double norm = 0;
            for (int i = (int) entry.offset(); i < entry.offset() + entry.size(); i++) {
                difference += Math.pow(actual[i] - expected[i], 2);
                norm += Math.pow(expected[i], 2);
            }
            double relative = Math.sqrt(difference) / Math.max(SMALLEST_NORM, Math.sqrt(norm));
            assertTrue(relative < GRADIENT_TOLERANCE, entry.name() + " is off by " + relative);
        }
    }
}
