package ai.rpo.spark.prepare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Measures how long a core of this machine takes to prepare a row. */
final class PreparingTime {

    private static final double WARM_UP_SECONDS = 2;
    private static final double SECONDS = 2;
    private static final int FEWEST_PASSES = 3;
    private static final int MOST_ROWS = 1000;

    private final RowPreparer preparer;

    PreparingTime(PreparePlan plan) {
        preparer = new RowPreparer(plan);
    }

    /**
     * Prepares rows for some seconds, again and again, after some that load the tokenizer and let the JVM compile; the
     * median over the passes.
     *
     * @return 0 where there are none
     */
    double secondsPerRow(List<SourceRow> given) {
        if (given.isEmpty()) {
            return 0;
        }
        List<SourceRow> rows = spread(given);
        double start = seconds();
        while (seconds() - start < WARM_UP_SECONDS) {
            pass(rows);
        }
        List<Double> passes = new ArrayList<>();
        start = seconds();
        while (passes.size() < FEWEST_PASSES || seconds() - start < SECONDS) {
            double before = seconds();
            pass(rows);
            passes.add((seconds() - before) / rows.size());
        }
        Collections.sort(passes);
        return passes.get(passes.size() / 2);
    }

    private void pass(List<SourceRow> rows) {
        rows.forEach(preparer::prepare);
    }

    private static List<SourceRow> spread(List<SourceRow> rows) {
        int step = 1 + (rows.size() - 1) / MOST_ROWS;
        List<SourceRow> spread = new ArrayList<>();
        for (int i = 0; i < rows.size(); i += step) {
            spread.add(rows.get(i));
        }
        return spread;
    }

    private static double seconds() {
        return System.nanoTime() / 1e9;
    }
}
