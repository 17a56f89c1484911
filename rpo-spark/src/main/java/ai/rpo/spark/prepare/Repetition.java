package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Findings;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Pairs that say again, or the other way round, what others say. Counted by hashes of token ids in Spark's aggregations,
 * which spill to disk; nothing is left out for it.
 *
 * @param duplicates rows that repeat another row
 * @param conflicts rows whose pair stands in both orders
 * @param leaked held-out rows whose prompt is trained on too
 * @param nearDuplicates rows that are much like another row, where they were looked for
 */
record Repetition(Kind duplicates, Kind conflicts, Kind leaked, Optional<Kind> nearDuplicates) {

    static final Repetition NONE = new Repetition(Kind.NONE, Kind.NONE, Kind.NONE, Optional.empty());

    /** How many rows, and where the last row of some of the groups stands. */
    record Kind(long rows, List<Findings.Example> examples) {
        static final Kind NONE = new Kind(0, List.of());
    }

    /**
     * @param placed with the columns of {@link Outcomes} and of {@link InputTally#offsets}
     * @param partitions of the shuffles
     */
    static Repetition among(Dataset<Row> placed, List<DataFile> files, boolean nearDuplicates, int partitions) {
        Column chosen = xxhash64(col("chosen_ids"));
        Column rejected = xxhash64(col("rejected_ids"));
        Dataset<Row> pairs = placed.where(col("reason").isNull())
                .select(
                        xxhash64(col("prompt_ids")).as("prompt"),
                        least(chosen, rejected).as("low"),
                        greatest(chosen, rejected).as("high"),
                        when(chosen.leq(rejected), 1L).otherwise(0L).as("forward"),
                        when(col("split").equalTo(Outcomes.EVAL), 1L)
                                .otherwise(0L)
                                .as("held_out"),
                        struct(
                                        col("file"),
                                        col("line").plus(col("lines_before")).as("line"))
                                .as("place"))
                .repartition(partitions, col("prompt")) // serves both ways of grouping
                .groupBy("prompt", "low", "high")
                .agg(
                        count(lit(1)).as("rows"),
                        sum("forward").as("forward"),
                        sum("held_out").as("held_out"),
                        max("place").as("place"))
                .persist(StorageLevel.DISK_ONLY());
        try {
            Column backward = col("rows").minus(col("forward"));
            Column conflict = col("forward").gt(0).and(backward.gt(0));
            Column again = greatest(col("forward").minus(1), lit(0)).plus(greatest(backward.minus(1), lit(0)));
            Dataset<Row> prompts = pairs.groupBy("prompt")
                    .agg(
                            sum("rows").as("rows"),
                            sum("held_out").as("held_out"),
                            max("place").as("place"));
            Column leak = col("held_out").gt(0).and(col("held_out").lt(col("rows")));
            return new Repetition(
                    kind(pairs.where(again.gt(0)), again, files),
                    kind(pairs.where(conflict), col("rows"), files),
                    kind(prompts.where(leak), col("held_out"), files),
                    nearDuplicates ? Optional.of(NearDuplicates.among(placed, files, partitions)) : Optional.empty());
        } finally {
            pairs.unpersist();
        }
    }

    private static Kind kind(Dataset<Row> groups, Column rows, List<DataFile> files) {
        Row total = groups.agg(sum(rows)).first();
        if (total.isNullAt(0)) {
            return Kind.NONE;
        }
        return new Kind(total.getLong(0), examples(groups.select("place.file", "place.line"), files));
    }

    /** Rows with the columns {@code file} and {@code line}. */
    static Kind kind(Dataset<Row> rows, List<DataFile> files) {
        Dataset<Row> kept = rows.persist(StorageLevel.DISK_ONLY());
        try {
            return new Kind(kept.count(), examples(kept.select("file", "line"), files));
        } finally {
            kept.unpersist();
        }
    }

    private static List<Findings.Example> examples(Dataset<Row> places, List<DataFile> files) {
        return places.orderBy("file", "line").takeAsList(Findings.EXAMPLES).stream()
                .map(row -> Findings.example(files.get(row.getInt(0)).path(), row.getLong(1), ""))
                .toList();
    }

    /**
     * @throws RpoException where there is more than a limit allows
     */
    void stopAbove(DataSettings.PairLimits limits, InputTally tally) {
        long kept = tally.train().rows() + tally.eval().rows();
        check(duplicates, kept, limits.maxDuplicateFraction(), "max-duplicate-fraction", "repeat another row");
        check(conflicts, kept, limits.maxConflictFraction(), "max-conflict-fraction", "stand in both orders");
        check(
                leaked,
                tally.eval().rows(),
                limits.maxLeakedFraction(),
                "max-leaked-fraction",
                "are held out while their prompt is trained on");
    }

    private static void check(Kind kind, long of, double limit, String key, String what) {
        if (kind.rows > limit * of) {
            throw RpoException.data(
                    "Cannot prepare data: %d of %d rows %s, more than rpo.data.limits.%s = %s allows (%s). Mend the data, or raise the limit."
                            .formatted(
                                    kind.rows,
                                    of,
                                    what,
                                    key,
                                    limit,
                                    kind.examples.stream()
                                            .map(Findings.Example::toString)
                                            .collect(Collectors.joining(", "))));
        }
    }
}
