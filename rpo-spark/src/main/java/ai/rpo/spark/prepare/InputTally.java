package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Findings;
import ai.rpo.core.preference.Reason;
import ai.rpo.spark.prepare.DataFile.Layout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Counts the rows of all input.
 *
 * @param waiting completions that were given alone
 * @param offsets what comes before each slice: {@code file, start, lines_before}, and of each split
 *     the rows and tokens before
 */
record InputTally(SplitTally train, SplitTally eval, Findings findings, Waiting waiting, List<Row> offsets) {

    /** Says how many completions stand alone in the input, each to be matched with one of the other kind. */
    record Waiting(long good, long bad) {

        long rows() {
            return good + bad;
        }
    }

    private static final StructType OFFSETS = new StructType()
            .add("file", DataTypes.IntegerType, false)
            .add("start", DataTypes.LongType, false)
            .add("lines_before", DataTypes.LongType, false)
            .add("train_before", DataTypes.LongType, false)
            .add("eval_before", DataTypes.LongType, false)
            .add("train_tokens_before", DataTypes.LongType, false)
            .add("eval_tokens_before", DataTypes.LongType, false);

    static InputTally of(Dataset<Row> outcomes, List<DataFile> files) {
        List<SliceTally> slices = bySlice(outcomes);
        Waiting waiting = new Waiting(
                slices.stream().mapToLong(SliceTally::waitingGood).sum(),
                slices.stream().mapToLong(SliceTally::waitingBad).sum());
        return sum(slices, files, waiting, linesBefore(slices, files));
    }

    /**
     * Counts again, once the waiting rows have been matched.
     *
     * @param matched slice by slice in each partition
     */
    InputTally again(Dataset<Row> matched, List<DataFile> files) {
        Map<Slice.Key, Long> lines = new HashMap<>();
        offsets.forEach(row -> lines.put(new Slice.Key(row.getInt(0), row.getLong(1)), row.getLong(2)));
        return sum(bySlice(matched), files, waiting, lines);
    }

    private static List<SliceTally> bySlice(Dataset<Row> outcomes) {
        List<SliceTally> slices = new ArrayList<>(outcomes.select(Outcomes.counted())
                .mapPartitions(
                        (MapPartitionsFunction<Row, SliceTally>) SliceTally::of,
                        Encoders.javaSerialization(SliceTally.class))
                .collectAsList());
        slices.sort(Comparator.comparing(SliceTally::slice));
        return slices;
    }

    /** Tells how many lines of its file come before each slice; 0 where rows know their own line. */
    private static Map<Slice.Key, Long> linesBefore(List<SliceTally> slices, List<DataFile> files) {
        Map<Slice.Key, Long> before = new HashMap<>();
        int file = -1;
        long lines = 0;
        for (SliceTally slice : slices) {
            if (slice.slice().file() != file) {
                file = slice.slice().file();
                lines = 0;
            }
            before.put(slice.slice(), lines);
            if (files.get(file).layout() == Layout.LINES) {
                lines += slice.lines();
            }
        }
        return before;
    }

    private static InputTally sum(
            List<SliceTally> slices, List<DataFile> files, Waiting waiting, Map<Slice.Key, Long> linesBefore) {
        InputTally tally =
                new InputTally(new SplitTally(), new SplitTally(), new Findings(), waiting, new ArrayList<>());
        for (SliceTally slice : slices) {
            long lines = linesBefore.get(slice.slice());
            tally.offsets.add(RowFactory.create(
                    slice.slice().file(),
                    slice.slice().start(),
                    lines,
                    tally.train.rows(),
                    tally.eval.rows(),
                    tally.train.tokens(),
                    tally.eval.tokens()));
            tally.train.add(slice.train());
            tally.eval.add(slice.eval());
            slice.addTo(tally.findings, files.get(slice.slice().file()).path(), lines);
        }
        return tally;
    }

    long rows() {
        return train.rows() + eval.rows() + findings.total();
    }

    /** Counts among the rows that say anything: a blank line between others does no harm. */
    double rejectedFraction() {
        Findings.Finding blank = findings.byReason().get(Reason.BLANK);
        long blanks = blank == null ? 0 : blank.count();
        return rows() == blanks ? 0 : (double) (findings.total() - blanks) / (rows() - blanks);
    }

    /** Adds the columns of {@link #offsets}, by which places and lines in a slice become those in the input. */
    Dataset<Row> joinOffsets(Dataset<Row> outcomes, SparkSession spark) {
        Dataset<Row> table = spark.createDataFrame(offsets, OFFSETS);
        return outcomes.join(functions.broadcast(table), new String[] {"file", "start"});
    }
}
