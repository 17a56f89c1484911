package ai.rpo.core.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Outcome;
import ai.rpo.core.objective.RpoObjective;
import java.util.List;
import org.junit.jupiter.api.Test;

class RpoMetricsTest {

    private static final BatchSize BATCH = new BatchSize(2, 5);

    private final RpoObjective objective = RpoObjective.paper(0.5, 2);
    private final StepMetrics metrics = new StepMetrics();

    /** Margins 0.75 and −0.5; −log σ is 0.386871006114900 and 0.974076984180107. */
    @Test
    void twoPairsWorkedByHand() {
        double[] first = add(2, -3, -5, -4, -4.5);
        double[] second = add(3, -2, -1, -1.5, -1.5);

        assertEquals((0.386871006114900 + 0.974076984180107) / 2, metrics.mean("loss/preference"), 1e-12);
        assertEquals(2.5, metrics.mean("loss/sft"), 1e-12);
        assertEquals(metrics.mean("loss/preference") + 1 * 2.5, metrics.mean("loss"), 1e-12);
        assertEquals((0.5 - 0.25) / 2, metrics.mean("rewards/chosen"), 1e-12);
        assertEquals((-0.25 + 0.25) / 2, metrics.mean("rewards/rejected"), 1e-12);
        assertEquals(0.125, metrics.mean("rewards/margins"), 1e-12);
        assertEquals(0.5, metrics.mean("rewards/accuracies"));
        assertEquals(-2.5, metrics.mean("logps/chosen"));
        assertEquals(-3, metrics.mean("logps/rejected"));
        assertEquals(0.625, metrics.mean(Metrics.ABSOLUTE_MARGIN), 1e-12);
        assertEquals(1, metrics.mean("regularizer/effective_weight"));
        assertArrayEquals(new double[] {-0.25 * (0.320821300824607 + 2), 0.25 * 0.320821300824607}, first, 1e-12);
        assertArrayEquals(new double[] {-0.25 * (0.622459331201855 + 2), 0.25 * 0.622459331201855}, second, 1e-12);
    }

    private double[] add(int chosenTokens, double chosen, double rejected, double refChosen, double refRejected) {
        Example pair = new Example(new int[1], List.of(new int[chosenTokens], new int[4]));
        TrainingExample example = new TrainingExample(0, pair, new double[] {refChosen, refRejected});
        Outcome outcome =
                objective.evaluate(ExampleLogps.pair(chosen, rejected, refChosen, refRejected, chosenTokens, 4), BATCH);
        metrics.add(example, objective.metrics(), outcome, BATCH);
        return outcome.coefficients();
    }
}
