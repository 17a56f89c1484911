package ai.rpo.spark.reference;

import ai.rpo.core.score.ExampleScore;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.KeyedFiles;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.HashPartitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Holds what the tasks of one scoring need to know.
 *
 * @param threads that each of them computes with
 * @param unfit folder for rows without a finite score
 * @param split names the data set in file names
 */
record ScoreJob(
        ScoredRows kind,
        LocalModel model,
        ScoreSettings settings,
        boolean perToken,
        int threads,
        ScoreStore store,
        ScoreCounts counts,
        String unfit,
        String split,
        SerializableConfiguration hadoop)
        implements Serializable {

    private static final StructType KEYS = new StructType()
            .add("key", DataTypes.BinaryType)
            .add("partition", DataTypes.IntegerType)
            .add("ordinal", DataTypes.LongType);

    /**
     * The rows with their scores, less those without a finite one. Only keys and scores move between machines to find
     * out what the store knows; the rows stay where they are read.
     */
    JavaRDD<Row> score(SparkSession spark, JavaRDD<Row> rows) {
        Optional<Dataset<Row>> stored = store.read(spark);
        if (stored.isEmpty()) {
            return rows.mapPartitions(ours -> scorePartition(ours, Map.of()));
        }
        JavaRDD<Row> keys = rows.mapPartitionsWithIndex(this::keys, true);
        JavaPairRDD<Integer, Row> known = spark.createDataFrame(keys, KEYS)
                .join(stored.get(), "key")
                .select("partition", "ordinal", "logps", "token_logps")
                .javaRDD()
                .mapToPair(row -> new Tuple2<>(row.getInt(0), row))
                // An integer is its own hash, so scores arrive at the partition of their row.
                .partitionBy(new HashPartitioner(rows.getNumPartitions()));
        return rows.zipPartitions(known, (ours, scores) -> scorePartition(ours, byOrdinal(scores)));
    }

    private Iterator<Row> keys(int partition, Iterator<Row> rows) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Row next() {
                Row row = rows.next();
                return RowFactory.create(store.key(kind.example(row)), partition, kind.ordinal(row));
            }
        };
    }

    /** Takes a partition's rows: no more than the tokens of one shard. */
    private Map<Long, ExampleScore> byOrdinal(Iterator<Tuple2<Integer, Row>> scores) {
        Map<Long, ExampleScore> known = new HashMap<>();
        while (scores.hasNext()) {
            Row row = scores.next()._2();
            ExampleScore score = ScoreFile.score(row, 2);
            if (!perToken || score.tokenLogps() != null) {
                known.put(row.getLong(1), score);
            }
        }
        return known;
    }

    private Iterator<Row> scorePartition(Iterator<Row> rows, Map<Long, ExampleScore> known) {
        KeyedFiles.Writer<ScoreFile.Scored> computed = store.writer(perToken);
        UnfitScores notFinite = new UnfitScores(kind);
        ScoringRole scoring = new ScoringRole(model, settings.precision(), threads);
        TaskContext task = TaskContext.get();
        // Whether the task fails or not, what it has computed is right.
        task.addTaskCompletionListener((TaskCompletionListener) context -> computed.publish());
        Iterator<Row> scored = new TaskScoring(this, rows, known, scoring.onFirstUse(), computed, notFinite);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                boolean more = scored.hasNext();
                if (!more) {
                    computed.publish();
                    notFinite.publish(new Path(unfit), split, task.partitionId(), hadoop.value());
                }
                return more;
            }

            @Override
            public Row next() {
                return scored.next();
            }
        };
    }
}
