package ai.rpo.spark.prepare;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/**
 * Estimates a data set by its first rows in each of many places. Files of lines are not read beyond those; others are
 * read to their end, so that their rows can be counted, but not tokenised.
 */
final class DataSample {

    /** Counts rows of each piece. */
    private static final int TIMED_ROWS = 8;

    private static final int LONGEST_TIMED_ROW = 64 << 10;

    private final SparkSession spark;
    private final PreparePlan plan;
    private final int rows;

    /** @param rows that are looked at, at least, if there are as many */
    DataSample(SparkSession spark, PreparePlan plan, int rows) {
        this.spark = spark;
        this.plan = plan;
        this.rows = rows;
    }

    /**
     * The first rows of a piece of the input.
     *
     * @param rowsInPiece counted or estimated; NaN where only bytes are known
     * @param bytesInPiece where it is one of lines
     * @param bytes of the rows that were prepared
     * @param outcomes of those
     * @param timed some of them, to be prepared again
     */
    private record Piece(double rowsInPiece, long bytesInPiece, long bytes, List<Row> outcomes, List<SourceRow> timed)
            implements Serializable {

        private Piece with(double rows) {
            return new Piece(rows, bytesInPiece, bytes, outcomes, timed);
        }
    }

    DataEstimate estimate() {
        List<Piece> pieces = new ArrayList<>(counted(text()));
        pieces.addAll(parquet());
        return estimate(pieces);
    }

    /** Fills in how many rows are in pieces of which only bytes are known. */
    private static List<Piece> counted(List<Piece> pieces) {
        RowEstimate estimate = new RowEstimate();
        pieces.forEach(piece -> estimate.add(piece.bytesInPiece, piece.outcomes.size(), piece.bytes));
        double[] rows = estimate.rows();
        return IntStream.range(0, rows.length)
                .mapToObj(i ->
                        Double.isNaN(pieces.get(i).rowsInPiece) ? pieces.get(i).with(rows[i]) : pieces.get(i))
                .toList();
    }

    private List<Piece> text() {
        List<Slice> slices = Slice.of(plan.files(), new JavaSparkContext(spark.sparkContext()).defaultParallelism());
        int perSlice = 1 + rows / Math.max(1, slices.size());
        PreparePlan ours = plan;
        return new SourceRows(spark)
                .ofText(plan.files())
                .mapPartitionsWithIndex(
                        (index, source) -> List.of(first(ours, source, perSlice, slices.get(index)))
                                .iterator(),
                        false)
                .collect();
    }

    private List<Piece> parquet() {
        Optional<JavaRDD<SourceRow>> source = new SourceRows(spark).ofParquet(plan.files());
        if (source.isEmpty()) {
            return List.of();
        }
        int partitions = source.get().getNumPartitions();
        int perPartition = 1 + rows / partitions;
        double rowsInPartition = (double) parquetRows() / partitions;
        PreparePlan ours = plan;
        return source.get()
                .mapPartitions(part -> List.of(first(ours, part, perPartition, rowsInPartition))
                        .iterator())
                .collect();
    }

    private long parquetRows() {
        return plan.files().stream()
                .filter(file -> file.layout() == Layout.PARQUET)
                .mapToLong(file -> file.parquet().rows())
                .sum();
    }

    private static Piece first(PreparePlan plan, Iterator<SourceRow> rows, int most, double rowsInPiece) {
        Taken taken = new Taken(plan, rows, most);
        return taken.piece(rows.hasNext() ? rowsInPiece : taken.outcomes.size(), 0);
    }

    private static Piece first(PreparePlan plan, Iterator<SourceRow> rows, int most, Slice slice) {
        Taken taken = new Taken(plan, rows, most);
        if (slice.file().layout() == Layout.LINES) {
            return taken.piece(rows.hasNext() ? Double.NaN : taken.outcomes.size(), slice.end() - slice.start());
        }
        double rowsInPiece = taken.outcomes.size();
        while (rows.hasNext()) {
            rows.next();
            rowsInPiece++;
        }
        return taken.piece(rowsInPiece, 0);
    }

    private static final class Taken {

        private final List<Row> outcomes = new ArrayList<>();
        private final List<SourceRow> timed = new ArrayList<>();
        private long bytes;

        private Taken(PreparePlan plan, Iterator<SourceRow> rows, int most) {
            RowPreparer preparer = new RowPreparer(plan);
            while (outcomes.size() < most && rows.hasNext()) {
                SourceRow row = rows.next();
                outcomes.addAll(preparer.prepare(row));
                bytes += row.json().length + 1;
                if (timed.size() < TIMED_ROWS && row.json().length <= LONGEST_TIMED_ROW) {
                    timed.add(row);
                }
            }
        }

        private Piece piece(double rowsInPiece, long bytesInPiece) {
            return new Piece(rowsInPiece, bytesInPiece, bytes, outcomes, timed);
        }
    }

    private DataEstimate estimate(List<Piece> pieces) {
        double all = 0;
        int sampled = 0;
        List<Weighted> kept = new ArrayList<>();
        List<Weighted> good = new ArrayList<>();
        List<Weighted> bad = new ArrayList<>();
        for (Piece piece : pieces) {
            all += piece.rowsInPiece();
            sampled += piece.outcomes().size();
            double weight = piece.rowsInPiece() / Math.max(1, piece.outcomes().size());
            for (Row outcome : piece.outcomes()) {
                Weighted row = new Weighted(outcome, weight);
                if (value(outcome, "good") instanceof Boolean isGood) {
                    (isGood ? good : bad).add(row);
                } else if (value(outcome, "reason") == null) {
                    kept.add(row);
                }
            }
        }
        for (int i = 0; i < Math.min(good.size(), bad.size()); i++) {
            kept.add(good.get(i).with(bad.get(i)));
        }
        return estimate(all, sampled, kept, secondsPerRow(pieces));
    }

    private double secondsPerRow(List<Piece> pieces) {
        return new PreparingTime(plan)
                .secondsPerRow(
                        pieces.stream().flatMap(piece -> piece.timed().stream()).toList());
    }

    /** A row that would be kept, and how many of the input it stands for. */
    private record Weighted(Row outcome, double weight) {

        /** The pair of this good completion and a bad one: as if each that is sampled found a partner like it. */
        private Weighted with(Weighted bad) {
            Object[] values = new Object[Outcomes.SCHEMA.size()];
            for (String column : List.of("split", "prompt_ids", "chosen_ids")) {
                values[Outcomes.SCHEMA.fieldIndex(column)] = value(outcome, column);
            }
            values[Outcomes.SCHEMA.fieldIndex("rejected_ids")] = value(bad.outcome, "chosen_ids");
            return new Weighted(RowFactory.create(values), (weight + bad.weight) / 2);
        }

        private boolean heldOut() {
            return value(outcome, "split").equals(Outcomes.EVAL);
        }

        private long tokens() {
            return Stream.of("prompt_ids", "chosen_ids", "rejected_ids")
                    .map(column -> (int[]) value(outcome, column))
                    .filter(Objects::nonNull)
                    .mapToLong(ids -> ids.length)
                    .sum();
        }
    }

    private DataEstimate estimate(double all, int sampled, List<Weighted> kept, double secondsPerRow) {
        double[] rows = new double[2];
        double[] tokens = new double[2];
        List<Row> sample = new ArrayList<>();
        for (Weighted row : kept) {
            int split = row.heldOut() ? 1 : 0;
            rows[split] += row.weight();
            tokens[split] += row.weight() * row.tokens();
            sample.add(written(row.outcome(), sample.size()));
        }
        long shards = ShardWriter.shards(Math.round(tokens[0])) + ShardWriter.shards(Math.round(tokens[1]));
        return new DataEstimate(
                all,
                rows[0],
                tokens[0],
                rows[1],
                tokens[1],
                shards,
                secondsPerRow,
                sample.isEmpty() ? 0 : (double) ShardSize.of(sample) / sample.size(),
                sampled,
                sample);
    }

    private Row written(Row outcome, long ordinal) {
        Object prompt = value(outcome, "prompt_ids");
        Object chosen = value(outcome, "chosen_ids");
        return switch (plan.kind()) {
            case PAIRS ->
                RowFactory.create(
                        ordinal,
                        prompt,
                        chosen,
                        value(outcome, "rejected_ids"),
                        value(outcome, "ref_chosen_logps"),
                        value(outcome, "ref_rejected_logps"));
            case EXAMPLES -> RowFactory.create(ordinal, prompt, chosen);
        };
    }

    /** Rows that no data frame has made know no names. */
    private static Object value(Row outcome, String column) {
        return outcome.get(Outcomes.SCHEMA.fieldIndex(column));
    }
}
