package ai.rpo.spark.prepare;

import java.util.List;
import org.apache.spark.sql.Row;

/**
 * Says what preparing a data set is expected to give, from a sample of its rows.
 *
 * @param rows of the input
 * @param trainRows that will be kept for training
 * @param trainTokens in them, of prompts and completions
 * @param evalRows that will be kept for evaluation
 * @param evalTokens in them
 * @param shards of both
 * @param secondsPerRow that one core takes to read and tokenise a row
 * @param bytesPerRow of a row that is kept, in a shard
 * @param sampled rows that were looked at
 * @param kept sampled rows that would be written, in the columns of {@link ai.rpo.spark.dataset.PairRows} or
 *     {@link ai.rpo.spark.dataset.ExampleRows}, numbered from 0
 */
public record DataEstimate(
        double rows,
        double trainRows,
        double trainTokens,
        double evalRows,
        double evalTokens,
        long shards,
        double secondsPerRow,
        double bytesPerRow,
        int sampled,
        List<Row> kept) {}
