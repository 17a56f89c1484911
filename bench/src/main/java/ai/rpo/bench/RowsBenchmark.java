package ai.rpo.bench;

import ai.rpo.core.loss.TrainingExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Times steps on real rows, {@code train|score SHAPE ROWS.jsonl STEPS [bf16] [recompute] [lora [nf4|int8]]}, in turns with
 * steps on as many pairs of equal lengths, which are the means of the rows'. So both have about as many token rows, and as
 * many of them predict; what differs is that real rows are ragged, and that attention looks further back in the long ones.
 */
public final class RowsBenchmark {

    private static final int WARM_UP = 2;

    private RowsBenchmark() {}

    public static void main(String[] args) throws IOException {
        List<TrainingExample> rows = RowsFile.read(Path.of(args[2]));
        StepOptions options = StepOptions.ofRows(args, rows);
        List<TrainingExample> equal = options.shape().pairs(options.pairs(), options.prompt(), options.response());
        Consumer<List<TrainingExample>> work = Steps.of(options, rows.size());
        for (int i = 0; i < WARM_UP; i++) {
            work.accept(rows);
            work.accept(equal);
        }
        double[] ofRows = new double[options.steps()];
        double[] ofEqual = new double[options.steps()];
        double[] ratios = new double[options.steps()];
        double before = rate(work, equal);
        for (int i = 0; i < options.steps(); i++) {
            ofRows[i] = rate(work, rows);
            ofEqual[i] = rate(work, equal);
            ratios[i] = ofRows[i] / ((before + ofEqual[i]) / 2);
            before = ofEqual[i];
        }
        System.out.printf(
                Locale.ROOT,
                "%s shape=%s %s, %d pairs, %d token rows: %.0f a second; %d+%d pairs=%d, %d token rows: %.0f a second; in the median %.3f of the rate beside it%n",
                options.work(),
                options.shape(),
                args[2],
                rows.size(),
                tokenRows(rows),
                median(ofRows),
                options.prompt(),
                options.response(),
                equal.size(),
                tokenRows(equal),
                median(ofEqual),
                median(ratios));
    }

    /** Token rows a second of one step. */
    private static double rate(Consumer<List<TrainingExample>> work, List<TrainingExample> batch) {
        long start = System.nanoTime();
        work.accept(batch);
        return tokenRows(batch) / Stopwatch.secondsSince(start);
    }

    private static int tokenRows(List<TrainingExample> batch) {
        return batch.stream().mapToInt(row -> row.example().packedRows()).sum();
    }

    private static double median(double[] numbers) {
        double[] sorted = numbers.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
