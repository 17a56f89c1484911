package ai.rpo.bench;

import ai.rpo.core.loss.TrainingExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private static final int WARM_UP = 1; // each is long

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
        List<Timing> ofRows = new ArrayList<>();
        List<Timing> ofEqual = new ArrayList<>(); // one more
        ofEqual.add(time(work, equal));
        for (int i = 0; i < options.steps(); i++) {
            ofRows.add(time(work, rows));
            ofEqual.add(time(work, equal));
        }
        double[] byClock = new double[options.steps()];
        double[] byProcessor = new double[options.steps()];
        for (int i = 0; i < options.steps(); i++) {
            Timing beside = ofEqual.get(i).plus(ofEqual.get(i + 1));
            byClock[i] = ofRows.get(i).rate() / beside.rate();
            byProcessor[i] = ofRows.get(i).processorRate() / beside.processorRate();
        }
        System.out.printf(
                Locale.ROOT,
                "%s shape=%s %s, %d pairs, %d token rows: %.0f a second; %d+%d pairs=%d, %d token rows: %.0f a second; in the median %.3f of the rate beside it by the clock, %.3f in processor time%n",
                options.work(),
                options.shape(),
                args[2],
                rows.size(),
                tokenRows(rows),
                Stopwatch.median(ofRows.stream().mapToDouble(Timing::rate)),
                options.prompt(),
                options.response(),
                equal.size(),
                tokenRows(equal),
                Stopwatch.median(ofEqual.stream().mapToDouble(Timing::rate)),
                Stopwatch.median(Arrays.stream(byClock)),
                Stopwatch.median(Arrays.stream(byProcessor)));
    }

    /** Counts token rows as operations. */
    private static Timing time(Consumer<List<TrainingExample>> work, List<TrainingExample> batch) {
        Timing.Watch watch = Timing.start();
        work.accept(batch);
        return watch.stop(tokenRows(batch));
    }

    private static int tokenRows(List<TrainingExample> batch) {
        return batch.stream().mapToInt(row -> row.example().packedRows()).sum();
    }
}
