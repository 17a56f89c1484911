package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.when;

import ai.rpo.core.preference.Findings;
import ai.rpo.core.text.MinHash;
import ai.rpo.spark.prepare.Repetition.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Kept pairs that share a bucket of {@link MinHash}, over prompt and chosen completion, with an earlier one. Buckets are
 * sorted by Spark, which spills to disk, and read past one row at a time, so that memory does not grow with any of them.
 */
final class NearDuplicates {

    private static final StructType BUCKETED = new StructType()
            .add("bucket", DataTypes.LongType, false)
            .add("file", DataTypes.IntegerType, false)
            .add("line", DataTypes.LongType, false)
            .add("split", DataTypes.StringType, false)
            .add("ordinal", DataTypes.LongType, false);

    private NearDuplicates() {}

    /**
     * @param placed with the columns of {@link Outcomes} and of {@link InputTally#offsets}
     */
    static Kind among(Dataset<Row> placed, List<DataFile> files, int partitions) {
        MinHash minHash = new MinHash();
        Dataset<Row> repeated = placed.where(col("reason").isNull())
                .select(
                        col("file"),
                        col("line").plus(col("lines_before")),
                        col("split"),
                        // Distinct within a split, which is all that is needed to tell rows apart.
                        col("place").plus(keptBefore()),
                        col("prompt_ids"),
                        col("chosen_ids"))
                .flatMap((FlatMapFunction<Row, Row>) row -> bucketed(minHash, row), Encoders.row(BUCKETED))
                .repartition(partitions, col("bucket"))
                .sortWithinPartitions("bucket", "file", "line", "ordinal")
                .mapPartitions((MapPartitionsFunction<Row, Row>) NearDuplicates::allButFirst, Encoders.row(BUCKETED))
                .repartition(partitions, col("split"), col("ordinal"))
                .dropDuplicates(new String[] {"split", "ordinal"});
        return kind(repeated.persist(StorageLevel.DISK_ONLY()), files);
    }

    private static Kind kind(Dataset<Row> rows, List<DataFile> files) {
        try {
            List<Findings.Example> first =
                    rows.select("file", "line").orderBy("file", "line").takeAsList(Findings.EXAMPLES).stream()
                            .map(row ->
                                    Findings.example(files.get(row.getInt(0)).path(), row.getLong(1), ""))
                            .toList();
            return new Kind(rows.count(), first);
        } finally {
            rows.unpersist();
        }
    }

    private static Column keptBefore() {
        return when(col("split").equalTo(Outcomes.EVAL), col("eval_before")).otherwise(col("train_before"));
    }

    private static Iterator<Row> bucketed(MinHash minHash, Row row) {
        int[] prompt = ids(row, 4);
        int[] chosen = ids(row, 5);
        int[] both = Arrays.copyOf(prompt, prompt.length + chosen.length);
        System.arraycopy(chosen, 0, both, prompt.length, chosen.length);
        List<Row> rows = new ArrayList<>(MinHash.BANDS);
        for (long bucket : minHash.buckets(both)) {
            rows.add(RowFactory.create(bucket, row.get(0), row.get(1), row.get(2), row.get(3)));
        }
        return rows.iterator();
    }

    private static int[] ids(Row row, int column) {
        List<Integer> ids = row.getList(column);
        return IntStream.range(0, ids.size()).map(ids::get).toArray();
    }

    private static Iterator<Row> allButFirst(Iterator<Row> sorted) {
        long[] last = new long[1];
        boolean[] any = new boolean[1];
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(sorted, 0), false)
                .filter(row -> {
                    boolean again = any[0] && row.getLong(0) == last[0];
                    any[0] = true;
                    last[0] = row.getLong(0);
                    return again;
                })
                .iterator();
    }
}
