package ai.rpo.spark.prepare;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
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
     * @param rowsInPiece counted or estimated
     * @param outcomes of those that were prepared
     * @param nanosPerRow that preparing the later half of them took
     */
    private record Piece(double rowsInPiece, List<Row> outcomes, double nanosPerRow) implements Serializable {}

    DataEstimate estimate() {
        List<Piece> pieces = new ArrayList<>(text());
        pieces.addAll(parquet());
        return estimate(pieces);
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

    /** Known from the files' footers. */
    private long parquetRows() {
        String[] paths = plan.files().stream()
                .filter(file -> file.layout() == Layout.PARQUET)
                .map(DataFile::path)
                .toArray(String[]::new);
        long count = 0;
        for (String path : paths) {
            count += spark.read().parquet(new Path(path).toString()).count();
        }
        return count;
    }

    private static Piece first(PreparePlan plan, Iterator<SourceRow> rows, int most, double rowsInPiece) {
        Taken taken = new Taken(plan, rows, most);
        return new Piece(rows.hasNext() ? rowsInPiece : taken.outcomes.size(), taken.outcomes, taken.nanosPerRow());
    }

    private static Piece first(PreparePlan plan, Iterator<SourceRow> rows, int most, Slice slice) {
        Taken taken = new Taken(plan, rows, most);
        double rowsInPiece = taken.outcomes.size();
        if (slice.file().layout() == Layout.LINES) {
            if (rows.hasNext()) {
                rowsInPiece *= (double) (slice.end() - slice.start()) / taken.bytes;
            }
        } else {
            while (rows.hasNext()) {
                rows.next();
                rowsInPiece++;
            }
        }
        return new Piece(rowsInPiece, taken.outcomes, taken.nanosPerRow());
    }

    private static final class Taken {

        private final List<Row> outcomes = new ArrayList<>();
        private final List<Long> nanos = new ArrayList<>();
        private long bytes;

        private Taken(PreparePlan plan, Iterator<SourceRow> rows, int most) {
            RowPreparer preparer = new RowPreparer(plan);
            while (outcomes.size() < most && rows.hasNext()) {
                long start = System.nanoTime();
                SourceRow row = rows.next();
                outcomes.addAll(preparer.prepare(row));
                nanos.add(System.nanoTime() - start);
                bytes += row.json().length + 1;
            }
        }

        /** Of the later half: the first rows load the tokenizer, and run before the JVM has compiled anything. */
        private double nanosPerRow() {
            return nanos.stream()
                    .skip(nanos.size() / 2)
                    .mapToLong(Long::longValue)
                    .average()
                    .orElse(0);
        }
    }

    private DataEstimate estimate(List<Piece> pieces) {
        double all = 0;
        double[] kept = new double[2];
        double[] tokens = new double[2];
        double nanos = 0;
        double timed = 0;
        int sampled = 0;
        List<Row> sample = new ArrayList<>();
        for (Piece piece : pieces) {
            all += piece.rowsInPiece();
            sampled += piece.outcomes().size();
            if (piece.nanosPerRow() > 0) {
                nanos += piece.nanosPerRow() * piece.rowsInPiece();
                timed += piece.rowsInPiece();
            }
            double weight = piece.rowsInPiece() / Math.max(1, piece.outcomes().size());
            for (Row outcome : piece.outcomes()) {
                if (value(outcome, "reason") == null) {
                    int split = value(outcome, "split").equals(Outcomes.EVAL) ? 1 : 0;
                    kept[split] += weight;
                    tokens[split] += weight * tokens(outcome);
                    sample.add(written(outcome, sample.size()));
                }
            }
        }
        long shards = ShardWriter.shards(Math.round(tokens[0])) + ShardWriter.shards(Math.round(tokens[1]));
        return new DataEstimate(
                all,
                kept[0],
                tokens[0],
                kept[1],
                tokens[1],
                shards,
                timed == 0 ? 0 : nanos / timed / 1e9,
                sample.isEmpty() ? 0 : (double) ShardSize.of(sample) / sample.size(),
                sampled,
                sample);
    }

    private static int tokens(Row outcome) {
        Integer rejected = (Integer) value(outcome, "rejected_tokens");
        return (Integer) value(outcome, "prompt_tokens")
                + (Integer) value(outcome, "chosen_tokens")
                + (rejected == null ? 0 : rejected);
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
