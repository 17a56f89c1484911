package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.xxhash64;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Findings;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Pairs that say again, or the other way round, what others say. Counted by hashes of token ids that Spark sorts, which
 * spills to disk; nothing is left out for it.
 *
 * @param duplicates rows that repeat another row
 * @param conflicts rows whose pair stands in both orders
 * @param leaked held-out rows whose prompt is trained on too
 * @param nearDuplicates rows that are much like another row, where they were looked for
 * @param graph of responses that training pairs compare, repeated ones taken for one
 */
record Repetition(Kind duplicates, Kind conflicts, Kind leaked, Optional<Kind> nearDuplicates, ComparisonGraph graph) {

    static final Repetition NONE =
            new Repetition(Kind.NONE, Kind.NONE, Kind.NONE, Optional.empty(), ComparisonGraph.EMPTY);

    /** Says how many rows, and where the last row of some of the groups stands. */
    record Kind(long rows, List<Findings.Example> examples) {
        static final Kind NONE = new Kind(0, List.of());
    }

    /**
     * One shuffle, read past a row at a time.
     *
     * @param placed with the columns of {@link Outcomes} and of {@link InputTally#offsets}
     * @param partitions of the shuffles
     */
    static Repetition among(Dataset<Row> placed, List<DataFile> files, boolean nearDuplicates, int partitions) {
        Column chosen = xxhash64(col("chosen_ids"));
        Column rejected = xxhash64(col("rejected_ids"));
        RepetitionTally tally = new RepetitionTally();
        placed.where(col("reason").isNull())
                .select(
                        xxhash64(col("prompt_ids")).as("prompt"),
                        least(chosen, rejected).as("low"),
                        greatest(chosen, rejected).as("high"),
                        chosen.leq(rejected).as("forward"),
                        col("split").equalTo(Outcomes.EVAL).as("held_out"),
                        col("file"),
                        col("line").plus(col("lines_before")).as("line"))
                .repartition(partitions, col("prompt"))
                .sortWithinPartitions("prompt", "low", "high")
                .javaRDD()
                .mapPartitions(pairs -> List.of(RepetitionTally.of(pairs)).iterator())
                .collect()
                .forEach(tally::add);
        return new Repetition(
                tally.duplicates().of(files),
                tally.conflicts().of(files),
                tally.leaked().of(files),
                nearDuplicates ? Optional.of(NearDuplicates.among(placed, files, partitions)) : Optional.empty(),
                tally.graph());
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
            throw RpoException.data(String.format(
                    Locale.ROOT,
                    "Cannot prepare data: %d of %d rows %s, more than rpo.data.limits.%s = %s allows (%s). Mend the data, or raise the limit.",
                    kind.rows,
                    of,
                    what,
                    key,
                    limit,
                    kind.examples.stream().map(Findings.Example::toString).collect(Collectors.joining(", "))));
        }
    }
}
