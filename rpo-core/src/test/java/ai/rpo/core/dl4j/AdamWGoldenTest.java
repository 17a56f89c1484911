package ai.rpo.core.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.rpo.core.decoder.Golden;
import ai.rpo.core.dl4j.LearningRateSchedule.Decay;
import ai.rpo.core.model.ParameterLayout;
import java.io.IOException;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** One step of AdamW on PyTorch's own gradients, however small they are, gives PyTorch's weights. */
@Tag("shared")
class AdamWGoldenTest {

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "gpt2"})
    void oneStep(String name) throws IOException {
        Golden golden = Golden.open(name);
        double rate = golden.number("adamw", "lr");
        ParameterLayout layout = ParameterLayout.of(golden.model().config());
        float[] weights = new float[Math.toIntExact(layout.size())];
        for (ParameterLayout.Entry entry : layout.entries()) {
            golden.model().weights().read(entry, 0, FloatBuffer.wrap(weights, (int) entry.offset(), (int)
                    entry.size()));
        }
        INDArray parameters = Nd4j.createFromArray(weights);
        INDArray step = Nd4j.createFromArray(golden.flat("grads.safetensors"));
        AdamW.withDefaults(new LearningRateSchedule(rate, 0, 1, Decay.CONSTANT), 2)
                .instantiate(Nd4j.create(1, 2 * step.length()), true)
                .applyUpdater(step, 0, 0);
        WeightDecay decay = new WeightDecay(golden.number("adamw", "weight_decay"), true);
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (!entry.vector()) {
                decay.apply(window(parameters, entry), window(step, entry), rate, 0, 0);
            }
        }
        float[] expected = golden.flat("adamw.safetensors");
        assertArrayEquals(expected, parameters.sub(step).toFloatVector(), 1e-6f);
    }

    private static INDArray window(INDArray flat, ParameterLayout.Entry entry) {
        return flat.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.size()));
    }
}
