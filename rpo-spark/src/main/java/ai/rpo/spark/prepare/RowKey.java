package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;

/**
 * The columns by which the data tell their rows apart ({@code rpo.data.key}), on their way through {@link Outcomes} as JSON.
 *
 * @param names of the columns
 */
record RowKey(List<String> names) implements Serializable {

    private static final int NAMED = 3;

    /** @return null where the row lacks a part of it */
    String of(byte[] json) throws UnfitRowException {
        ObjectNode row = RowReader.parse(json);
        ObjectNode key = row.objectNode();
        for (String name : names) {
            JsonNode value = row.path(name);
            if (!value.isValueNode() || value.isNull()) {
                return null;
            }
            key.set(name, value);
        }
        return key.toString();
    }

    /**
     * Holds the rows that are kept to their keys.
     *
     * @throws RpoException where one has none, or several have the same
     */
    void check(Dataset<Row> outcomes) {
        if (!names.isEmpty()) {
            requireValues(outcomes);
            requireDistinct(outcomes);
        }
    }

    private static Dataset<Row> kept(Dataset<Row> outcomes) {
        return outcomes.where(col("reason").isNull())
                .select("file", "start", "line", "key")
                .distinct(); // one row may make several pairs
    }

    private String setting() {
        return "rpo.data.key = " + String.join(", ", names);
    }

    /** @throws RpoException where a row lacks a part of its key */
    void requireValues(Dataset<Row> outcomes) {
        long without = kept(outcomes).where(col("key").isNull()).count();
        if (without > 0) {
            throw RpoException.data("Cannot use " + setting() + ": " + without
                    + (without == 1 ? " row lacks" : " rows lack")
                    + " a value in it. Fill it in, leave such rows out, or name columns that every row has.");
        }
    }

    /** @throws RpoException where several rows have the same key */
    void requireDistinct(Dataset<Row> outcomes) {
        List<Row> twice = kept(outcomes)
                .groupBy("key")
                .agg(count(lit(1)).as("rows"))
                .where(col("rows").gt(1))
                .orderBy("key")
                .limit(NAMED)
                .collectAsList();
        if (!twice.isEmpty()) {
            throw RpoException.data("Cannot use " + setting() + ": several rows have the same ("
                    + String.join(
                            ", ",
                            twice.stream()
                                    .map(row -> row.getString(0) + " " + row.getLong(1) + " times")
                                    .toList())
                    + "). Name columns that tell rows apart, or leave out all rows of a key but one.");
        }
    }

    /** The key as columns of the data's own names and types. */
    Stream<Column> columns(Dataset<Row> outcomes, List<DataFile> files) {
        if (names.isEmpty()) {
            return Stream.of();
        }
        Column texts = from_json(col("key"), DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType));
        StructType types = types(outcomes, files);
        return names.stream()
                .map(name ->
                        texts.getItem(name).cast(types.apply(name).dataType()).as(name));
    }

    /** Those of the Parquet files where they agree, and else what the values look like. */
    private StructType types(Dataset<Row> outcomes, List<DataFile> files) {
        StructType types = new StructType();
        StructType found = null;
        for (String name : names) {
            List<Optional<DataType>> given =
                    files.stream().map(file -> type(file, name)).distinct().toList();
            if (given.size() == 1 && given.get(0).isPresent()) {
                types = types.add(name, given.get(0).get());
                continue;
            }
            if (found == null) {
                found = outcomes.sparkSession()
                        .read()
                        .json(outcomes.where(col("reason").isNull())
                                .select("key")
                                .as(Encoders.STRING()))
                        .schema();
            }
            types = types.add(name, found.apply(name).dataType());
        }
        return types;
    }

    private static Optional<DataType> type(DataFile file, String name) {
        if (file.parquet() == null) {
            return Optional.empty();
        }
        return Arrays.stream(file.parquet().columns().fields())
                .filter(column -> column.name().equals(name))
                .map(column -> column.dataType())
                .filter(type -> !(type instanceof ArrayType || type instanceof MapType || type instanceof StructType))
                .findFirst();
    }
}
