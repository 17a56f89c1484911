package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One AdamW step of the DL4J network against PyTorch. */
@Tag("shared")
class PolicyNetworkGoldenTest {

    /** Below it a gradient is near what rounding leaves, of which Adam makes steps of the learning rate. */
    private static final double LARGE_GRADIENT = 1e-5;

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.DecoderGoldenTest#names")
    void oneStep(String name) throws IOException {
        Golden golden = Golden.open(name);
        RpoObjective objective = RpoObjective.paper(golden.number("beta"), golden.number("eta"));
        TrainSettings settings = TrainSettingsFixture.constantRate(golden.number("adamw", "lr"))
                .weightDecay(golden.number("adamw", "weight_decay"))
                .build();
        PolicyNetwork network = PolicyNetwork.create(
                TrainPlan.of(golden.model().configJson(), objective, settings, Precision.FLOAT32, 1, 2));
        ParameterLayout layout = ParameterLayout.of(golden.model().config());
        new Parameters(layout, network.state().parameters()).load(golden.model().weights());

        StepMetrics metrics = network.step(golden.pairs());

        assertEquals(golden.number("loss", "paper"), metrics.mean("loss"), 1e-5);
        assertEquals(golden.number("grad_norm"), metrics.mean("grad_norm"), 1e-4 * golden.number("grad_norm"));
        float[] expected = golden.flat("adamw.safetensors");
        float[] gradients = golden.flat("grads.safetensors");
        float[] actual = new float[expected.length];
        network.state().parameters().read(0, actual, 0, actual.length);
        for (int i = 0; i < expected.length; i++) {
            if (Math.abs(gradients[i]) > LARGE_GRADIENT) {
                assertEquals(expected[i], actual[i], 1e-6, "parameter " + i);
            }
        }
    }
}
