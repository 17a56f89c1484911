package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Brings good and bad completions of one prompt together. A pair stands where the later of its rows stands; so pairs and
 * their order depend on the input alone, and rows that are added at the end change none of them.
 */
final class UnpairedRows {

    private static final Encoder<Row> OUTCOMES = Encoders.row(Outcomes.SCHEMA);

    private UnpairedRows() {}

    /**
     * All outcomes once the waiting ones have been matched, slice by slice in each partition.
     *
     * @param outcomes of {@link Outcomes#SCHEMA}
     * @param partitions of the shuffles
     */
    static Dataset<Row> matched(Dataset<Row> outcomes, PreparePlan plan, int partitions) {
        Dataset<Row> matched = outcomes.where(col("good").isNotNull())
                .withColumn("prompt", xxhash64(col("prompt_ids")))
                .repartition(partitions, col("prompt"))
                // Two prompts of one hash are told apart by their ids.
                .sortWithinPartitions("prompt", "split", "prompt_ids", "file", "start", "line")
                .drop("prompt")
                .mapPartitions((MapPartitionsFunction<Row, Row>) rows -> new MatchedRows(rows, plan), OUTCOMES);
        return outcomes.where(col("good").isNull())
                .union(matched)
                .repartition(partitions, col("file"), col("start"))
                .sortWithinPartitions("file", "start", "line", "part")
                .mapPartitions((MapPartitionsFunction<Row, Row>) UnpairedRows::placed, OUTCOMES);
    }

    private static Iterator<Row> placed(Iterator<Row> outcomes) {
        SliceCounts counts = new SliceCounts();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return outcomes.hasNext();
            }

            @Override
            public Row next() {
                Row outcome = outcomes.next();
                return outcome.getAs("reason") == null ? placed(outcome, counts) : outcome;
            }
        };
    }

    private static Row placed(Row outcome, SliceCounts counts) {
        long length = outcome.<Integer>getAs("prompt_tokens")
                + outcome.<Integer>getAs("chosen_tokens")
                + outcome.<Integer>getAs("rejected_tokens");
        SliceCounts.Place place =
                counts.next(outcome.getAs("file"), outcome.getAs("start"), outcome.getAs("split"), length);
        Object[] values = new Object[outcome.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = outcome.get(i);
        }
        values[outcome.fieldIndex("place")] = place.rows();
        values[outcome.fieldIndex("tokens_before")] = place.tokens();
        return RowFactory.create(values);
    }
}
