package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Workspace;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each family with every option it has, against PyTorch; {@code families/make_families.py} made the models. */
class FamilyGoldenTest {

    // transformers computes angles and softmaxes in float32 whatever the model's type.
    private static final double LOGP_TOLERANCE = 5e-6;
    private static final double GRADIENT_TOLERANCE = 3e-5;
    /** Share of the whole gradient's norm below which a weight has none: keys' biases where nothing is rotated. */
    private static final double NOTHING = 1e-6;

    /** Of float32, and of its functions on a device. */
    private static final double DEVICE_LOGP_TOLERANCE = 3e-5;

    private static final double DEVICE_GRADIENT_TOLERANCE = 3e-4;

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.Golden#families")
    void logpsAndGradientsAreThoseOfPyTorch(String family) throws IOException, URISyntaxException {
        Assumptions.assumeFalse(EmulatedDevice.isReal());
        compare(family, new PlainBackend(), LOGP_TOLERANCE, GRADIENT_TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.Golden#families")
    void soAreThoseOfAnEmulatedDevice(String family) throws IOException, URISyntaxException {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
        compare(family, EmulatedDevice.backend(false), DEVICE_LOGP_TOLERANCE, DEVICE_GRADIENT_TOLERANCE);
    }

    private static void compare(String family, Backend backend, double logpTolerance, double gradientTolerance)
            throws IOException, URISyntaxException {
        Golden golden = Golden.in(Golden.family(family));
        assertEquals(List.of(), golden.model().unusedTensors());
        Decoder decoder = new Decoder(golden.model().config(), backend);
        Parameters weights = SmallModel.zeros(golden.model().config(), backend);
        weights.load(golden.model().weights());
        List<TrainingExample> pairs = golden.pairs();

        PackedBatch batch =
                PackedBatch.of(pairs.stream().map(TrainingExample::example).toList());
        double[] logps = decoder.tokenLogps(weights, batch, new Workspace(backend));
        assertArrayEquals(golden.tokenLogps(), logps, logpTolerance);

        Parameters gradients = SmallModel.zeros(golden.model().config(), backend);
        RpoObjective objective = RpoObjective.paper(golden.number("beta"), golden.number("eta"));
        var metrics = new BatchGradient(decoder, objective, 60, false).add(weights, pairs, gradients);
        assertEquals(golden.number("loss", "paper"), metrics.mean("loss"), logpTolerance);
        assertClose(golden.flat("grads.safetensors"), gradients, gradientTolerance);
    }

    static void assertClose(float[] expected, Parameters gradients) {
        assertClose(expected, gradients, GRADIENT_TOLERANCE);
    }

    private static void assertClose(float[] expected, Parameters gradients, double tolerance) {
        float[] actual = new float[expected.length];
        gradients.storage().read(0, actual, 0, actual.length);
        double all = norm(expected, 0, expected.length);
        for (ParameterLayout.Entry entry : gradients.layout().entries()) {
            int start = (int) entry.offset();
            int end = start + (int) entry.size();
            double norm = norm(expected, start, end);
            float[] difference = new float[expected.length];
            for (int i = start; i < end; i++) {
                difference[i] = actual[i] - expected[i];
            }
            double off = norm(difference, start, end);
            double allowed = norm < NOTHING * all ? NOTHING * all : tolerance * norm;
            assertTrue(off < allowed, entry.name() + " is off by " + off + " of " + norm);
        }
    }

    private static double norm(float[] numbers, int start, int end) {
        double squares = 0;
        for (int i = start; i < end; i++) {
            squares += (double) numbers[i] * numbers[i];
        }
        return Math.sqrt(squares);
    }
}
