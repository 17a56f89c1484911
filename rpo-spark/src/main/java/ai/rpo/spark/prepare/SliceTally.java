package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Findings;
import ai.rpo.core.preference.Reason;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/** Counts the rows of one slice. Public because Spark's encoders ask for it. */
public final class SliceTally implements Serializable {

    private static final long serialVersionUID = 1L;

    private final Slice.Key slice;
    private long lastLine;
    private final SplitTally train = new SplitTally();
    private final SplitTally eval = new SplitTally();
    private long waitingGood;
    private long waitingBad;
    private final Map<Reason, Rejected> rejected = new EnumMap<>(Reason.class);

    /** Rows left out for one reason, and the first of them. */
    private record Rejected(long rows, List<Unfit> first) implements Serializable {

        Rejected plus(Unfit row) {
            List<Unfit> more = first;
            if (first.size() < Findings.EXAMPLES) {
                more = new ArrayList<>(first);
                more.add(row);
            }
            return new Rejected(rows + 1, more);
        }
    }

    /** The line counts as in {@link SourceRow}. */
    record Unfit(long line, String detail) implements Serializable {}

    private SliceTally(Slice.Key slice) {
        this.slice = slice;
    }

    /**
     * Tallies of all slices in a partition.
     *
     * @param outcomes rows of {@link Outcomes#counted}, slice by slice
     */
    static Iterator<SliceTally> of(Iterator<Row> outcomes) {
        List<SliceTally> tallies = new ArrayList<>();
        SliceTally current = null;
        while (outcomes.hasNext()) {
            Row outcome = outcomes.next();
            Slice.Key slice = new Slice.Key(outcome.getAs("file"), outcome.getAs("start"));
            if (current == null || !current.slice.equals(slice)) {
                current = new SliceTally(slice);
                tallies.add(current);
            }
            current.add(outcome);
        }
        return tallies.iterator();
    }

    private void add(Row outcome) {
        lastLine = outcome.<Long>getAs("line");
        Boolean good = outcome.getAs("good");
        if (good != null) {
            waitingGood += good ? 1 : 0;
            waitingBad += good ? 0 : 1;
        }
        String reason = outcome.getAs("reason");
        if (reason == null) {
            boolean heldOut = outcome.<String>getAs("split").equals(Outcomes.EVAL);
            (heldOut ? eval : train).add(outcome);
        } else {
            Unfit row = new Unfit(lastLine, outcome.getAs("detail"));
            rejected.merge(Reason.valueOf(reason), new Rejected(1, List.of(row)), (sum, one) -> sum.plus(row));
        }
    }

    Slice.Key slice() {
        return slice;
    }

    /** Lines of the slice, if it is one of a file of lines. */
    long lines() {
        return lastLine;
    }

    /** Rows whose completion is a good one and waits for a bad one. */
    long waitingGood() {
        return waitingGood;
    }

    /** The other way round. */
    long waitingBad() {
        return waitingBad;
    }

    SplitTally train() {
        return train;
    }

    SplitTally eval() {
        return eval;
    }

    /**
     * Adds what was rejected.
     *
     * @param linesBefore of the file, before this slice
     */
    void addTo(Findings findings, String path, long linesBefore) {
        rejected.forEach((reason, unfit) -> findings.add(
                reason,
                unfit.rows(),
                unfit.first().stream()
                        .map(row -> Findings.example(path, linesBefore + row.line(), row.detail()))
                        .toList()));
    }
}
