package ai.rpo.spark.prepare;

import static org.apache.spark.sql.types.DataTypes.BooleanType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.LongType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Says what became of each row, kept or rejected, before rows of different slices know of each other. A supervised
 * row's completion stands in the columns of the chosen one.
 */
final class Outcomes {

    static final String TRAIN = "train";
    static final String EVAL = "eval";

    static final StructType SCHEMA = new StructType()
            .add("file", IntegerType, false)
            .add("start", LongType, false)
            .add("line", LongType, false)
            // From 0, among the pairs that the row is made into.
            .add("part", IntegerType, false)
            // Where the row goes, or, if it is rejected, the input it is from.
            .add("split", StringType, false)
            // From 0, among the rows of the slice that are kept for the same split; null in rejected rows.
            .add("place", LongType)
            // In those rows before this one.
            .add("tokens_before", LongType)
            .add("prompt_ids", DataTypes.createArrayType(IntegerType, false))
            .add("chosen_ids", DataTypes.createArrayType(IntegerType, false))
            .add("rejected_ids", DataTypes.createArrayType(IntegerType, false))
            .add("ref_chosen_logps", DoubleType)
            .add("ref_rejected_logps", DoubleType)
            // Null where nobody asked for it.
            .add("margin", DoubleType)
            .add("prompt_tokens", IntegerType)
            .add("chosen_tokens", IntegerType)
            .add("rejected_tokens", IntegerType)
            .add("straddles", IntegerType)
            .add("cut", StringType)
            // Names of Remark.
            .add("remarks", DataTypes.createArrayType(StringType, false))
            .add("control_characters", BooleanType)
            // Of a row that waits for a partner, whether its completion is a good one; it stands in the columns of the
            // chosen one.
            .add("good", BooleanType)
            // Null in kept rows.
            .add("reason", StringType)
            .add("detail", StringType)
            .add("row", StringType)
            // What tells a kept row from others, as JSON; null where nobody asked for it.
            .add("key", StringType);

    private Outcomes() {}

    /** All columns but those of the ids, of the row's text and of its key, which are not needed to count rows. */
    static Column[] counted() {
        return Arrays.stream(SCHEMA.fieldNames())
                .filter(name -> !name.endsWith("_ids") && !name.equals("row") && !name.equals("key"))
                .map(functions::col)
                .toArray(Column[]::new);
    }
}
