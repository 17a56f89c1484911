package ai.rpo.spark.dataset;

import ai.rpo.core.score.ScoredPair;
import ai.rpo.core.text.TokenizedPair;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of preference pairs: {@code ordinal, prompt_ids, chosen_ids, rejected_ids, ref_chosen_logps,
 * ref_rejected_logps}. The last two are null until the reference model has scored the pair.
 */
public final class PairRows {

    public static final StructType SCHEMA = new StructType()
            .add("ordinal", DataTypes.LongType, false)
            .add("prompt_ids", TokenIds.TYPE, false)
            .add("chosen_ids", TokenIds.TYPE, false)
            .add("rejected_ids", TokenIds.TYPE, false)
            .add("ref_chosen_logps", DataTypes.DoubleType)
            .add("ref_rejected_logps", DataTypes.DoubleType);

    /**
     * Has a column of what the data say of how much better the chosen completion is; null where they were not asked.
     */
    public static final StructType WITH_MARGIN = SCHEMA.add("margin", DataTypes.DoubleType);

    private PairRows() {}

    /**
     * The margin that the data give a pair, or 0.
     *
     * @param row of {@link #WITH_MARGIN}
     */
    public static double margin(Row row) {
        return row.isNullAt(6) ? 0 : row.getDouble(6);
    }

    public static TokenizedPair pair(Row row) {
        return new TokenizedPair(row.getLong(0), TokenIds.of(row, 1), TokenIds.of(row, 2), TokenIds.of(row, 3));
    }

    /** Tells whether the row has its reference log-probabilities. */
    public static boolean isScored(Row row) {
        return !row.isNullAt(4) && !row.isNullAt(5);
    }

    /**
     * @param row one that {@link #isScored}
     */
    public static ScoredPair scoredPair(Row row) {
        return new ScoredPair(pair(row), row.getDouble(4), row.getDouble(5));
    }

    /** The pair, with zeros where a row has no reference's log-probabilities and nobody will look for them. */
    public static ScoredPair pairOnly(Row row) {
        return new ScoredPair(pair(row), 0, 0);
    }

    /** A row that is not scored yet. */
    public static Row of(TokenizedPair pair) {
        return RowFactory.create(pair.ordinal(), pair.prompt(), pair.chosen(), pair.rejected(), null, null);
    }

    public static Row of(ScoredPair scored) {
        TokenizedPair pair = scored.pair();
        return RowFactory.create(
                pair.ordinal(),
                pair.prompt(),
                pair.chosen(),
                pair.rejected(),
                scored.referenceChosen(),
                scored.referenceRejected());
    }
}
