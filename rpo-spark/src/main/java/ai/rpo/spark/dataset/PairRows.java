package ai.rpo.spark.dataset;

import ai.rpo.core.loss.TrainingExample;
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

    /** Reads a pair without its reference's log-probabilities. */
    public static TrainingExample pair(Row row) {
        return TrainingExample.pair(row.getLong(0), TokenIds.of(row, 1), TokenIds.of(row, 2), TokenIds.of(row, 3));
    }

    /** Tells whether the row has its reference log-probabilities. */
    public static boolean isScored(Row row) {
        return !row.isNullAt(4) && !row.isNullAt(5);
    }

    /**
     * Reads a pair with its reference's log-probabilities.
     *
     * @param row one that {@link #isScored}
     */
    public static TrainingExample scored(Row row) {
        return pair(row).withReference(row.getDouble(4), row.getDouble(5));
    }

    /** Makes a row, whose log-probabilities are null where the pair has none. */
    public static Row of(TrainingExample pair) {
        double[] logps = pair.referenceLogps();
        boolean isScored = logps.length > 0;
        return RowFactory.create(
                pair.ordinal(),
                pair.prompt(),
                pair.chosen(),
                pair.rejected(),
                isScored ? logps[0] : null,
                isScored ? logps[1] : null);
    }
}
