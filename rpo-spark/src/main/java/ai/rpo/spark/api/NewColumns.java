package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Adds columns to the rows of a data frame, and one that says why a row has nothing in them.
 *
 * @param schema of the rows that come out
 */
record NewColumns(StructType schema) implements Serializable {

    /** The column that says why a row lacks the others. */
    static final String UNFIT = "unfit";

    /** @throws RpoException where the data frame has one of them already */
    static NewColumns of(StructType schema, List<StructField> fields) {
        StructType all = schema;
        for (StructField field : fields) {
            all = all.add(field);
        }
        all = all.add(UNFIT, DataTypes.StringType);
        for (String name : all.fieldNames()) {
            if (Arrays.stream(all.fieldNames()).filter(name::equalsIgnoreCase).count() > 1) {
                throw RpoException.configuration(
                        "Cannot add the column " + name + ": the data frame has it already. Drop or rename it before.");
            }
        }
        return new NewColumns(all);
    }

    /**
     * Gives a row its new columns.
     *
     * @param row whose last column was selected from the others, and is dropped
     */
    Row of(Row row, Object... values) {
        return row(row, null, values);
    }

    /** Gives a row that lacks the columns the reason for it. */
    Row unfit(Row row, String why) {
        return row(row, why);
    }

    private Row row(Row row, String unfit, Object... values) {
        int own = row.size() - 1;
        Object[] all = new Object[schema.size()];
        for (int i = 0; i < own; i++) {
            all[i] = row.get(i);
        }
        System.arraycopy(values, 0, all, own, values.length);
        all[all.length - 1] = unfit;
        // With its schema, since Spark hands the very object to a map that follows.
        return new GenericRowWithSchema(all, schema);
    }
}
