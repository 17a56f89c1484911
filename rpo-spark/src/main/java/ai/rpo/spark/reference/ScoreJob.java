package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.KeyedFiles;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
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
            .add("ordinal", DataTypes.LongType)
            .add("completion", DataTypes.IntegerType);

    /** Stands, in place of a completion's number, for all of an example's. */
    private static final int ALL = -1;

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
                .select("partition", "ordinal", "completion", "logps", "token_logps")
                .javaRDD()
                .mapToPair(row -> new Tuple2<>(row.getInt(0), row))
                // An integer is its own hash, so scores arrive at the partition of their row.
                .partitionBy(new HashPartitioner(rows.getNumPartitions()));
        return rows.zipPartitions(known, (ours, scores) -> scorePartition(ours, byOrdinal(scores)));
    }

    /** The keys of the rows, and of each of their completions alone: whoever rates completions has scored them so. */
    private Iterator<Row> keys(int partition, Iterator<Row> rows) {
        Iterable<Row> once = () -> rows;
        return StreamSupport.stream(once.spliterator(), false)
                .flatMap(row -> keys(partition, kind.ordinal(row), kind.example(row)))
                .iterator();
    }

    private Stream<Row> keys(int partition, long ordinal, Example example) {
        List<int[]> completions = example.completions();
        Stream<Row> whole = Stream.of(RowFactory.create(store.key(example), partition, ordinal, ALL));
        return completions.size() == 1
                ? whole
                : Stream.concat(
                        whole,
                        IntStream.range(0, completions.size())
                                .mapToObj(c -> RowFactory.create(
                                        store.key(new Example(example.prompt(), List.of(completions.get(c)))),
                                        partition,
                                        ordinal,
                                        c)));
    }

    /** Takes a partition's rows: no more than the tokens of one shard. */
    private Map<Long, ExampleScore> byOrdinal(Iterator<Tuple2<Integer, Row>> scores) {
        Map<Long, ExampleScore> known = new HashMap<>();
        Map<Long, SortedMap<Integer, ExampleScore>> alone = new HashMap<>(); // by completion
        while (scores.hasNext()) {
            Row row = scores.next()._2();
            ExampleScore score = ScoreFile.score(row, 3);
            if (perToken && score.tokenLogps() == null) {
                continue;
            }
            if (row.getInt(2) == ALL) {
                known.put(row.getLong(1), score);
            } else {
                alone.computeIfAbsent(row.getLong(1), ordinal -> new TreeMap<>())
                        .put(row.getInt(2), score);
            }
        }
        alone.forEach((ordinal, each) -> {
            if (each.size() == kind.completions().size()) {
                known.putIfAbsent(ordinal, ExampleScore.ofCompletions(List.copyOf(each.values())));
            }
        });
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
