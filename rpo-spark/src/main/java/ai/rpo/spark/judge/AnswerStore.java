package ai.rpo.spark.judge;

import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.AnswerKey;
import ai.rpo.core.judge.Question;
import ai.rpo.spark.judge.AnswerSource.Asking;
import ai.rpo.spark.store.KeyedFiles;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Answers that a judge gave before, each under the key of its question: JSON lines in a folder of the judge's own, so
 * that those of several judges lie beside each other.
 */
final class AnswerStore implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Bounds how much a task that is killed may have to ask again. */
    private static final Duration LOSS = Duration.ofSeconds(1);

    private final String judge;
    private final String protocol;
    private final KeyedFiles files;
    private final SerializableConfiguration hadoop;

    private AnswerStore(String judge, String protocol, KeyedFiles files, Configuration hadoop) {
        this.judge = judge;
        this.protocol = protocol;
        this.files = files;
        this.hadoop = new SerializableConfiguration(hadoop);
    }

    /** A line of a file. */
    record Stored(String key, Answer answer) {}

    /**
     * @param cache a folder on any Hadoop file system; made where it is missing
     * @param name of the judge, for people
     * @param judge all that its answers depend on beside the question and the protocol
     * @throws ai.rpo.core.RpoException if it cannot be written to
     */
    static AnswerStore open(Path cache, String name, String judge, String protocol, Configuration hadoop) {
        ObjectNode about = JSON.createObjectNode().put("judge", name);
        KeyedFiles files = KeyedFiles.open(new Path(cache, AnswerKey.of(judge)), ".jsonl", about, hadoop);
        return new AnswerStore(judge, protocol, files, hadoop);
    }

    Asking asking(Question question) {
        return new Asking(AnswerKey.of(judge, protocol, question), question);
    }

    /** Answers of all protocols by key, each once. */
    JavaPairRDD<String, Answer> read(SparkSession spark) {
        if (files.files().isEmpty()) {
            return JavaPairRDD.fromJavaRDD(
                    JavaSparkContext.fromSparkContext(spark.sparkContext()).emptyRDD());
        }
        return spark.read()
                .option("pathGlobFilter", files.names())
                // What a damaged or deleted file held is asked again.
                .option("ignoreCorruptFiles", true)
                .option("ignoreMissingFiles", true)
                .textFile(files.folder())
                .javaRDD()
                .flatMapToPair(line -> stored(line).map(stored -> new Tuple2<>(stored.key(), line)).stream()
                        .iterator())
                // Of two answers, always the same one.
                .reduceByKey((one, other) -> one.compareTo(other) <= 0 ? one : other)
                .mapValues(line -> stored(line).orElseThrow().answer());
    }

    /** The keys of all answers that are there now, read by whoever asks. */
    Set<String> keys() {
        Set<String> keys = new HashSet<>();
        for (Path file : files.files()) {
            new SmallFile(file, hadoop.value()).read().ifPresent(text -> text.lines()
                    .flatMap(line -> stored(line).stream())
                    .forEach(stored -> keys.add(stored.key())));
        }
        return keys;
    }

    private static Optional<Stored> stored(String line) {
        try {
            return Optional.of(JSON.readValue(line, Stored.class));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** Collects the answers of one task. */
    KeyedFiles.Writer<Stored> writer() {
        return files.writer(LOSS, Lines::new);
    }

    private static final class Lines implements KeyedFiles.Content<Stored> {

        private final StringBuilder lines = new StringBuilder();

        @Override
        public void add(Stored stored) {
            try {
                lines.append(JSON.writeValueAsString(stored)).append('\n');
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public long bytes() {
            return lines.length();
        }

        @Override
        public byte[] close() {
            return lines.toString().getBytes(StandardCharsets.UTF_8);
        }
    }
}
