package ai.rpo.core.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.PlainBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches with the loss that balances the use of experts, in double. */
class BalancedBatchTest {

    private static final double WEIGHT = 0.8;

    private final PlainBackend backend = new PlainBackend();
    private final ModelConfig config = SmallModel.family("mixtral");
    private final Parameters weights = SmallModel.random(config, backend, 1);
    private final Parameters gradients = SmallModel.zeros(config, backend);
    private final List<TrainingExample> pairs = pairs();

    /** Shares are of the whole batch, so each part needs the counts of all. */
    @ParameterizedTest
    @CsvSource({"1, false", "1, true", "14, false", "14, true", "1000, true"})
    void theSplitIntoMicroBatchesChangesNothing(int rows, boolean recompute) {
        StepMetrics whole = add(1000, false, WEIGHT);
        double[] expected = gradient();
        StepMetrics split = add(rows, recompute, WEIGHT);
        assertArrayEquals(expected, gradient(), 1e-6);
        for (String name : List.of("loss", BatchGradient.BALANCE_LOSS, BatchGradient.TOTAL_LOSS)) {
            assertEquals(whole.mean(name), split.mean(name), 1e-12, name);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 1000})
    void theGradientIsTheSlopeOfTheTotalLoss(int rows) {
        add(rows, false, WEIGHT);
        double[] gradient = gradient();
        add(rows, false, 0);
        double[] without = gradient();
        double most = 0;
        float[] value = new float[1];
        for (int i = 0; i < gradient.length; i += 37) {
            weights.storage().read(i, value, 0, 1);
            float up = value[0] + 1e-4f;
            float down = value[0] - 1e-4f;
            double numeric = (totalAt(i, up, rows) - totalAt(i, down, rows)) / ((double) up - down);
            weights.storage().write(i, value, 0, 1);
            assertEquals(numeric, gradient[i], 1e-4 * Math.max(1, Math.abs(numeric)), "parameter " + i);
            most = Math.max(most, Math.abs(gradient[i] - without[i]));
        }
        assertTrue(most > 1e-2, "the balancing loss is not flat: " + most);
    }

    @Test
    void lossIsTheObjectivesAndTotalLossIsWhatIsMinimised() {
        StepMetrics plain = add(1000, false, 0);
        assertTrue(Double.isNaN(plain.mean(BatchGradient.BALANCE_LOSS)));
        StepMetrics balanced = add(1000, false, WEIGHT);
        assertEquals(plain.mean("loss"), balanced.mean("loss"), 1e-15);
        assertEquals(
                plain.mean("loss") + WEIGHT * balanced.mean(BatchGradient.BALANCE_LOSS),
                balanced.mean(BatchGradient.TOTAL_LOSS),
                1e-12);
    }

    private double totalAt(int parameter, float value, int rows) {
        weights.storage().write(parameter, new float[] {value}, 0, 1);
        return add(rows, false, WEIGHT).mean(BatchGradient.TOTAL_LOSS);
    }

    private StepMetrics add(int rows, boolean recompute, double weight) {
        backend.zero(gradients.storage().tensor(0, 1, (int) gradients.storage().size()));
        return new BatchGradient(new Decoder(config, backend), RpoObjective.paper(0.3, 0.2), rows, recompute, weight)
                .add(weights, pairs, gradients);
    }

    private double[] gradient() {
        double[] numbers = gradients
                .storage()
                .tensor(0, 1, (int) gradients.storage().size())
                .toArray();
        return Arrays.copyOf(numbers, numbers.length);
    }

    private static List<TrainingExample> pairs() {
        Random random = new Random(3);
        List<TrainingExample> pairs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            pairs.add(new TrainingExample(
                    i, SmallModel.pair(random, 1 + i, 1 + random.nextInt(4), 3), new double[] {-6 + i, -5}));
        }
        return pairs;
    }
}
