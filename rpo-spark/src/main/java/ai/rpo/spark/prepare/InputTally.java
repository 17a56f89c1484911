package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Findings;
import ai.rpo.spark.prepare.DataFile.Layout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
 * @param offsets what comes before each slice: {@code file, start, lines_before}, and of each split
 *     the rows and tokens before
 */
record InputTally(SplitTally train, SplitTally eval, Findings findings, List<Row> offsets) {

    private static final StructType OFFSETS = new StructType()
            .add("file", DataTypes.IntegerType, false)
            .add("start", DataTypes.LongType, false)
            .add("lines_before", DataTypes.LongType, false)
            .add("train_before", DataTypes.LongType, false)
            .add("eval_before", DataTypes.LongType, false)
            .add("train_tokens_before", DataTypes.LongType, false)
            .add("eval_tokens_before", DataTypes.LongType, false);

    static InputTally of(Dataset<Row> outcomes, List<DataFile> files) {
        List<SliceTally> slices = new ArrayList<>(outcomes.select(Outcomes.counted())
                .mapPartitions(
                        (MapPartitionsFunction<Row, SliceTally>) SliceTally::of,
                        Encoders.javaSerialization(SliceTally.class))
                .collectAsList());
        slices.sort(Comparator.comparingInt(SliceTally::file).thenComparingLong(SliceTally::start));
        InputTally tally = new InputTally(new SplitTally(), new SplitTally(), new Findings(), new ArrayList<>());
        int file = -1;
        long lines = 0;
        for (SliceTally slice : slices) {
            if (slice.file() != file) {
                file = slice.file();
                lines = 0;
            }
            tally.offsets.add(RowFactory.create(
                    file,
                    slice.start(),
                    lines,
                    tally.train.rows(),
                    tally.eval.rows(),
                    tally.train.tokens(),
                    tally.eval.tokens()));
            tally.train.add(slice.train());
            tally.eval.add(slice.eval());
            slice.addTo(tally.findings, files.get(file).path(), lines);
            if (files.get(file).layout() == Layout.LINES) {
                lines += slice.lines();
            }
        }
        return tally;
    }

    long rows() {
        return train.rows() + eval.rows() + findings.total();
    }

    double rejectedFraction() {
        return rows() == 0 ? 0 : (double) findings.total() / rows();
    }

    /** Adds the columns of {@link #offsets}, by which places and lines in a slice become those in the input. */
    Dataset<Row> joinOffsets(Dataset<Row> outcomes, SparkSession spark) {
        Dataset<Row> table = spark.createDataFrame(offsets, OFFSETS);
        return outcomes.join(functions.broadcast(table), new String[] {"file", "start"});
    }
}
