package ai.rpo.core.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.dl4j.LearningRateSchedule.Decay;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;

class AdamWTest {

    private final AdamW config = AdamW.withDefaults(new LearningRateSchedule(0.1, 0, 10, Decay.CONSTANT), 2);

    /**
     * Gradients (0.5, −1e-8), then (−0.25, 3e-8). The corrections make the first step g/(|g| + ε): 1 for the first, and
     * −1/2 for the second, whose size is ε itself; ε before the correction would give −0.03.
     */
    @Test
    void twoStepsAreThoseOfPyTorch() {
        INDArray state = Nd4j.create(1, 4);
        GradientUpdater<?> updater = config.instantiate(state, true);

        INDArray first = Nd4j.createFromArray(0.5f, -1e-8f);
        updater.applyUpdater(first, 0, 0);
        assertArrayEquals(new double[] {0.099999998, -0.05}, first.toDoubleVector(), 1e-7);
        assertArrayEquals(new double[] {0.05, -1e-9, 2.5e-4, 1e-19}, state.toDoubleVector(), 1e-9);

        INDArray second = Nd4j.createFromArray(-0.25f, 3e-8f);
        updater.applyUpdater(second, 1, 0);
        assertArrayEquals(new double[] {0.026633703292153643, 0.03414978863132467}, second.toDoubleVector(), 1e-7);
    }

    @Test
    void aNetworkThatOutlivesARoundGoesOnFromTheStateItIsGiven() {
        INDArray state = Nd4j.createFromArray(0.05f, 2.5e-4f).reshape(1, 2);
        INDArray gradient = Nd4j.createFromArray(-0.25f);
        config.instantiate(state, false).applyUpdater(gradient, 1, 0);
        assertEquals(0.026633703292153643, gradient.getDouble(0), 1e-7);
    }

    @Test
    void theRateIsTheSchedulesAtEachStep() {
        AdamW linear = AdamW.withDefaults(new LearningRateSchedule(1, 0, 4, Decay.LINEAR), 1);
        INDArray gradient = Nd4j.createFromArray(2f);
        linear.instantiate(Nd4j.createFromArray(0f, 0f).reshape(1, 2), true).applyUpdater(gradient, 0, 0);
        assertEquals(1, gradient.getDouble(0), 1e-6);
        assertEquals(0.25, linear.getLearningRate(3, 0));
    }
}
