package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Measures how much of the chosen completions is made of tokens that no other training pair has, in either completion:
 * what is learnt of these rests on one comparison.
 */
final class TokenCoverage implements Serializable {

    private static final long serialVersionUID = 1L;

    private final int[] pairsWith;
    private final long[] chosen;

    private TokenCoverage(int vocabulary) {
        pairsWith = new int[vocabulary];
        chosen = new long[vocabulary];
    }

    /** @param placed with the columns of {@link Outcomes} */
    static TokenCoverage of(Dataset<Row> placed, int vocabulary) {
        return placed.where(col("reason").isNull().and(col("split").equalTo(Outcomes.TRAIN)))
                .select("chosen_ids", "rejected_ids")
                .javaRDD()
                .mapPartitions(rows -> List.of(counted(rows, vocabulary)).iterator())
                .treeReduce(TokenCoverage::plus);
    }

    private static TokenCoverage counted(Iterator<Row> rows, int vocabulary) {
        TokenCoverage coverage = new TokenCoverage(vocabulary);
        int[] lastPair = new int[vocabulary];
        for (int pair = 1; rows.hasNext(); pair++) {
            Row row = rows.next();
            for (int column = 0; column < 2; column++) {
                for (int id : row.<Integer>getList(column)) {
                    coverage.chosen[id] += column == 0 ? 1 : 0;
                    coverage.pairsWith[id] += lastPair[id] == pair ? 0 : 1;
                    lastPair[id] = pair;
                }
            }
        }
        return coverage;
    }

    private TokenCoverage plus(TokenCoverage other) {
        for (int id = 0; id < chosen.length; id++) {
            pairsWith[id] += other.pairsWith[id];
            chosen[id] += other.chosen[id];
        }
        return this;
    }

    /** Share of the tokens of chosen completions. */
    double inOnePairOnly() {
        long alone = 0;
        for (int id = 0; id < chosen.length; id++) {
            alone += pairsWith[id] == 1 ? chosen[id] : 0;
        }
        return (double) alone / Arrays.stream(chosen).sum();
    }
}
