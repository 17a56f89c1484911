package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One step of AdamW on PyTorch's own gradients, however small they are, gives PyTorch's weights. */
@Tag("shared")
class AdamWGoldenTest {

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "gpt2"})
    void oneStep(String name) throws IOException {
        Golden golden = Golden.open(name);
        Backend backend = Backends.create(Precision.FLOAT32, 2);
        ParameterLayout layout = ParameterLayout.of(golden.model().config());
        AdamW adam = AdamW.withDefaults(golden.number("adamw", "weight_decay"));
        TrainState state = TrainState.allocate(backend, layout.size(), adam);
        new Parameters(layout, state.parameters()).load(golden.model().weights());
        float[] gradient = golden.flat("grads.safetensors");
        Storage slopes = backend.allocate(gradient.length);
        slopes.write(0, gradient, 0, gradient.length);
        adam.step(state, slopes, layout, golden.number("adamw", "lr"), backend);
        float[] after = new float[gradient.length];
        state.parameters().read(0, after, 0, after.length);
        assertArrayEquals(golden.flat("adamw.safetensors"), after, 1e-6f);
    }
}
