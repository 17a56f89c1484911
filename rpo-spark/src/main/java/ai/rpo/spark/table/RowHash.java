package ai.rpo.spark.table;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Tells rows by their content, in whatever order they come. */
final class RowHash {

    private RowHash() {}

    /** The number of rows, and a sum of their hashes, with names and types of the columns. */
    static String of(Dataset<Row> rows) {
        Row summed = rows.agg(
                        count(lit(1)),
                        coalesce(sum(ofRow(rows.schema()).cast("decimal(38,0)")), lit(0))
                                .cast("string"))
                .first();
        return String.format(
                Locale.ROOT,
                "%d rows, xxhash64 %s, columns %s",
                summed.getLong(0),
                summed.getString(1),
                columns(rows.schema()));
    }

    /** The hash of one row. */
    static Column ofRow(StructType schema) {
        Column[] columns = Arrays.stream(schema.fields())
                .map(field -> col("`" + field.name().replace("`", "``") + "`"))
                .toArray(Column[]::new);
        // Spark hashes no maps.
        return schema.catalogString().contains("map<") ? xxhash64(to_json(struct(columns))) : xxhash64(columns);
    }

    /** Names and types, whether values may be missing or not. */
    static String columns(StructType schema) {
        return Arrays.stream(schema.fields())
                .map(field -> field.name() + " " + field.dataType().catalogString())
                .collect(Collectors.joining(", "));
    }
}
