package ai.rpo.core.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StepMetricsTest {

    private static final Metric VALUE = Metric.of("value", Metric.Better.NEITHER);
    private static final Metric SHARE = Metric.loss("share");
    private static final Metric CHECKED =
            new Metric("checked", Metric.Better.NEITHER, Metric.Mean.OF_EXAMPLES, Metric.Shown.NOWHERE);

    @Test
    void joiningWorkersWeighsByTheirPairs() {
        StepMetrics one = worker(1, 6, 10); // one pair: a value of 6, a step value of 10
        StepMetrics three = worker(3, 2, 30);
        one.join(three);
        assertEquals(4, one.examples());
        assertEquals((6 + 3 * 2) / 4.0, one.mean("value"), 1e-15);
        assertEquals((6 + 3 * 2) / 4.0, one.mean("share"), 1e-15);
        assertEquals((10 + 3 * 30) / 4.0, one.mean("step"), 1e-15);
        assertEquals(4 * 3, one.tokens());
    }

    @Test
    void aWorkerWithoutPairsChangesNothing() {
        StepMetrics metrics = worker(2, 5, 7);
        metrics.join(new StepMetrics());
        assertEquals(5, metrics.mean("value"));
        assertEquals(2, metrics.examples());
    }

    @Test
    void whatIsOnlyCheckedIsNotReported() {
        StepMetrics joined = new StepMetrics();
        joined.join(worker(2, 5, 7));
        assertEquals(Set.of("value", "share", "step"), joined.means().keySet());
        assertEquals(5, joined.mean(CHECKED));
    }

    @Test
    void whatWasNeverAddedIsNotANumber() {
        assertTrue(Double.isNaN(worker(2, 5, 7).mean("loss")));
    }

    private static StepMetrics worker(int pairs, double value, double step) {
        StepMetrics metrics = new StepMetrics();
        TrainingExample example = new TrainingExample(0, new Example(new int[2], List.of(new int[2])), new double[0]);
        BatchSize batch = new BatchSize(pairs, 2L * pairs);
        for (int i = 0; i < pairs; i++) {
            metrics.add(
                    example,
                    List.of(VALUE, SHARE, CHECKED),
                    new Outcome(new double[0], Map.of(VALUE, value, SHARE, value / pairs, CHECKED, value)),
                    batch);
        }
        metrics.putStep("step", step);
        return metrics;
    }
}
