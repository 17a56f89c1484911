package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;

import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/** Keys of rows by the places that stages call them by. */
public final class KeyedPlaces {

    /** The columns by which {@code generate} calls its rows. */
    public static final List<String> NAMES = List.of("ordinal", "sample");

    private static final StructType SCHEMA = new StructType()
            .add("file", DataTypes.IntegerType)
            .add("start", DataTypes.LongType)
            .add("line", DataTypes.LongType)
            .add("reason", DataTypes.StringType)
            .add("ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("key", DataTypes.StringType);

    private KeyedPlaces() {}

    /**
     * Reads {@code ordinal} and {@code sample} of each row, and the columns of its key. A row that {@code generate} wrote is
     * called as that called it; any other by its place, from 0.
     *
     * @param paths files, folders or globs
     * @param key names of columns that every row has
     * @param unique whether no two rows may have the same key
     * @throws ai.rpo.core.RpoException where a row has no key, or not one of its own
     */
    public static Dataset<Row> read(SparkSession spark, List<String> paths, List<String> key, boolean unique) {
        RowKey columns = new RowKey(key);
        List<String> wanted = new ArrayList<>(NAMES);
        wanted.addAll(key);
        JavaRDD<Row> rows = NumberedRows.read(spark, paths, wanted).map(row -> {
            try {
                JsonNode object = RowReader.parse(row.json());
                boolean isGenerated = object.path("ordinal").isIntegralNumber()
                        && object.path("sample").isIntegralNumber();
                return RowFactory.create(
                        0,
                        0L,
                        row.ordinal(),
                        null,
                        isGenerated ? object.get("ordinal").longValue() : row.ordinal(),
                        isGenerated ? object.get("sample").intValue() : null,
                        columns.of(row.json()));
            } catch (UnfitRowException e) {
                return RowFactory.create(0, 0L, row.ordinal(), e.getMessage(), row.ordinal(), null, null);
            }
        });
        Dataset<Row> places = spark.createDataFrame(rows, SCHEMA).persist(StorageLevel.DISK_ONLY());
        columns.requireValues(places);
        if (unique) {
            columns.requireDistinct(places);
        }
        List<Column> selected = new ArrayList<>(List.of(col("ordinal"), col("sample")));
        columns.columns(places, List.of()).forEach(selected::add);
        return places.where(col("reason").isNull()).select(selected.toArray(Column[]::new));
    }

    /** Leaves the places for the keys, which come first. */
    public static Dataset<Row> join(Dataset<Row> rows, Dataset<Row> places, List<String> key) {
        Column same = rows.col("ordinal").equalTo(places.col("ordinal"));
        if (Arrays.asList(rows.columns()).contains("sample")) { // JSON has no column of nulls
            same = same.and(
                    places.col("sample").isNull().or(places.col("sample").equalTo(rows.col("sample"))));
        }
        List<Column> selected = new ArrayList<>();
        key.forEach(name -> selected.add(places.col("`" + name.replace("`", "``") + "`")));
        selected.add(rows.col("*"));
        return rows.join(places, same).select(selected.toArray(Column[]::new));
    }
}
