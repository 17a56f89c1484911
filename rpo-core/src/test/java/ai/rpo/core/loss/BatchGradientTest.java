package ai.rpo.core.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Outcome;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.objective.RpoObjective.Weight;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.tensor.PlainBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchGradientTest {

    private final PlainBackend backend = new PlainBackend();
    private final ModelConfig config = SmallModel.config(true);
    private final Parameters weights = SmallModel.random(config, backend, 1);

    /** From one pair at a time to all at once. */
    @Property(tries = 12)
    void theSplitIntoMicroBatchesChangesNothing(
            @ForAll Reduction reduction, @ForAll @IntRange(min = 1, max = 60) int rows, @ForAll boolean recompute) {
        Objective loss = new RpoObjective(0.3, 0.7, reduction, Weight.ETA);
        List<TrainingExample> pairs = pairs(5);
        double[] whole = gradientOf(loss, pairs, Integer.MAX_VALUE, false);
        double[] split = gradientOf(loss, pairs, rows, recompute);
        assertArrayEquals(whole, split, 1e-6);
        StepMetrics expected = metricsOf(loss, pairs, Integer.MAX_VALUE);
        StepMetrics actual = metricsOf(loss, pairs, rows);
        assertEquals(expected.means().keySet(), actual.means().keySet());
        expected.means().forEach((name, mean) -> assertEquals(mean, actual.mean(name), 1e-12, name));
        assertEquals(expected.tokens(), actual.tokens());
    }

    @ParameterizedTest
    @EnumSource(Reduction.class)
    void theGradientIsTheSlopeOfTheReportedLoss(Reduction reduction) {
        Objective loss = new RpoObjective(0.5, 0.7, reduction, Weight.ETA_TIMES_BETA);
        assertSlopes(loss, pairs(3));
    }

    @Test
    void theSupervisedGradientIsTheSlopeOfItsLoss() {
        assertSlopes(new Supervised(), rows(3));
    }

    /** As clipped policy gradients need them. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void coefficientsMayBeGivenForEachToken(boolean recompute) {
        Objective byToken = new WeightedTokens();
        assertSlopes(byToken, pairs(3));
        assertArrayEquals(
                gradientOf(byToken, pairs(3), Integer.MAX_VALUE, false),
                gradientOf(byToken, pairs(3), 1, recompute),
                1e-6);
    }

    /** Σ ½·(t + 1)·log π² over the tokens t = 0, 1, … of an example: a slope of its own for each. */
    private record WeightedTokens() implements Objective {

        @Override
        public String name() {
            return "tokens";
        }

        @Override
        public String describe() {
            return "tokens";
        }

        @Override
        public Needs needs() {
            return new Needs(2, false, false, true);
        }

        @Override
        public List<Metric> metrics() {
            return List.of(Metrics.LOSS);
        }

        @Override
        public Outcome evaluate(ExampleLogps example, BatchSize batch) {
            double[] tokens = example.policyTokens();
            assertEquals(Arrays.stream(example.tokens()).sum(), tokens.length);
            double loss = 0;
            double[] slopes = new double[tokens.length];
            for (int t = 0; t < tokens.length; t++) {
                loss += 0.5 * (t + 1) * tokens[t] * tokens[t] / batch.pairs();
                slopes[t] = (t + 1) * tokens[t] / batch.pairs();
            }
            return new Outcome(slopes, Map.of(Metrics.LOSS, loss));
        }
    }

    @Test
    void supervisedLossIsTheMeanOverTokens() {
        List<TrainingExample> rows = rows(2);
        double[] logps = new double[2];
        long tokens = 0;
        for (int i = 0; i < 2; i++) {
            logps[i] = metricsOf(new Supervised(), List.of(rows.get(i)), 100).mean("logps/chosen");
            tokens += rows.get(i).example().completions().get(0).length;
        }
        StepMetrics both = metricsOf(new Supervised(), rows, 100);
        assertEquals(-(logps[0] + logps[1]) / tokens, both.mean("loss"), 1e-12);
        assertEquals((logps[0] + logps[1]) / 2, both.mean("logps/chosen"), 1e-12);
    }

    @Test
    void numbersThatAreNotFiniteNameTheirRows() {
        Parameters broken = SmallModel.random(config, backend, 1);
        broken.storage().write(0, filled(Math.toIntExact(broken.storage().size()), Float.NaN), 0, 10);
        BatchGradient gradient = new BatchGradient(new Decoder(config, backend), new Supervised(), 1, false);
        String message = assertThrows(
                        NonFiniteException.class,
                        () -> gradient.add(broken, rows(2), SmallModel.zeros(config, backend)))
                .getMessage();
        assertEquals("a log-probability is not finite; rows in the batch, by ordinal: 100", message);
    }

    private void assertSlopes(Objective loss, List<TrainingExample> batch) {
        double[] gradient = gradientOf(loss, batch, 30, false);
        float[] value = new float[1];
        for (int i = 0; i < gradient.length; i += 61) {
            weights.storage().read(i, value, 0, 1);
            float up = value[0] + 1e-3f;
            float down = value[0] - 1e-3f;
            double numeric = (lossAt(loss, batch, i, up) - lossAt(loss, batch, i, down)) / ((double) up - down);
            weights.storage().write(i, value, 0, 1);
            assertEquals(numeric, gradient[i], 1e-4 * Math.max(1, Math.abs(numeric)), "parameter " + i);
        }
        assertTrue(Arrays.stream(gradient).anyMatch(g -> Math.abs(g) > 1e-2), "the gradient is not flat");
    }

    private double lossAt(Objective loss, List<TrainingExample> batch, int parameter, float value) {
        weights.storage().write(parameter, new float[] {value}, 0, 1);
        return metricsOf(loss, batch, 30).mean("loss");
    }

    private double[] gradientOf(Objective loss, List<TrainingExample> batch, int rows, boolean recompute) {
        Parameters gradients = SmallModel.zeros(config, backend);
        new BatchGradient(new Decoder(config, backend), loss, rows, recompute).add(weights, batch, gradients);
        return gradients
                .storage()
                .tensor(0, 1, (int) gradients.storage().size())
                .toArray();
    }

    private StepMetrics metricsOf(Objective loss, List<TrainingExample> batch, int rows) {
        return new BatchGradient(new Decoder(config, backend), loss, rows, false)
                .add(weights, batch, SmallModel.zeros(config, backend));
    }

    private static List<TrainingExample> pairs(int count) {
        Random random = new Random(3);
        List<TrainingExample> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Example pair = SmallModel.pair(random, 1 + i % 3, 1 + random.nextInt(4), 1 + random.nextInt(4));
            pairs.add(new TrainingExample(i, pair, new double[] {-6 + i, -5}));
        }
        return pairs;
    }

    private static List<TrainingExample> rows(int count) {
        Random random = new Random(4);
        List<TrainingExample> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Example example = new Example(SmallModel.tokens(random, 2), List.of(SmallModel.tokens(random, 2 + 3 * i)));
            rows.add(new TrainingExample(100 + i, example, new double[0]));
        }
        return rows;
    }

    private static float[] filled(int length, float value) {
        float[] values = new float[length];
        Arrays.fill(values, value);
        return values;
    }
}
