package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Reads files of all layouts as rows of JSON; each partition's rows come slice by slice, in the order of the file. */
final class SourceRows {

    private final SparkSession spark;
    private final JavaSparkContext context;

    SourceRows(SparkSession spark) {
        this.spark = spark;
        this.context = new JavaSparkContext(spark.sparkContext());
    }

    /** The rows of files that are text. */
    JavaRDD<SourceRow> ofText(List<DataFile> files) {
        List<Slice> slices = Slice.of(files, context.defaultParallelism());
        if (slices.isEmpty()) {
            return context.emptyRDD();
        }
        SerializableConfiguration hadoop = new SerializableConfiguration(context.hadoopConfiguration());
        List<Integer> indices = IntStream.range(0, slices.size()).boxed().toList();
        return context.parallelize(indices, indices.size())
                .mapPartitions(ours -> ours.hasNext()
                        ? read(slices.get(ours.next()), hadoop)
                        : Collections.<SourceRow>emptyIterator());
    }

    private static Iterator<SourceRow> read(Slice slice, SerializableConfiguration hadoop) {
        try {
            return slice.file().layout() == Layout.ARRAY
                    ? closedWithTask(new ArrayRows(slice.file(), hadoop.value()))
                    : closedWithTask(new LineRows(slice, hadoop.value()));
        } catch (IOException e) {
            throw Unreadable.file(slice.file().path(), e);
        }
    }

    private static <T extends Closeable> T closedWithTask(T rows) {
        TaskContext.get().addTaskCompletionListener(task -> {
            try {
                rows.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return rows;
    }

    /** The rows of Parquet files, each as JSON; binary columns are taken for text. */
    Optional<JavaRDD<SourceRow>> ofParquet(List<DataFile> files) {
        // Spark names files by their encoded URIs.
        Map<String, Integer> indices = new HashMap<>();
        files.stream()
                .filter(file -> file.layout() == Layout.PARQUET)
                .forEach(file -> indices.put(new Path(file.path()).toUri().toString(), file.index()));
        if (indices.isEmpty()) {
            return Optional.empty();
        }
        List<String> paths = files.stream()
                .filter(file -> file.layout() == Layout.PARQUET)
                .map(file -> escaped(file.path()))
                .toList();
        return bySchema(paths).stream().map(rows -> asJson(rows, indices)).reduce(JavaRDD::union);
    }

    /**
     * Files of several formats may lie in one folder. What a file has no column for is null in its rows, and to_json
     * leaves nulls out. Where a column has one type here and another there, files of one schema are read together.
     */
    private List<Dataset<Row>> bySchema(List<String> paths) {
        try {
            return List.of(parquet(paths));
        } catch (Exception e) { // Spark declares a checked exception to Scala alone
            if (!(e instanceof SparkException) || paths.size() == 1) {
                throw e;
            }
        }
        Map<StructType, List<String>> groups = new LinkedHashMap<>();
        for (String path : paths) {
            groups.computeIfAbsent(parquet(List.of(path)).schema(), schema -> new ArrayList<>())
                    .add(path);
        }
        return groups.values().stream().map(this::parquet).toList();
    }

    private Dataset<Row> parquet(List<String> paths) {
        return spark.read().option("mergeSchema", true).parquet(paths.toArray(String[]::new));
    }

    private static JavaRDD<SourceRow> asJson(Dataset<Row> rows, Map<String, Integer> indices) {
        Column[] columns = Arrays.stream(rows.schema().fields())
                .map(field -> field.dataType().equals(DataTypes.BinaryType)
                        ? quoted(field.name()).cast(DataTypes.StringType).as(field.name())
                        : quoted(field.name()))
                .toArray(Column[]::new);
        return rows.select(
                        col("_metadata.file_path"),
                        col("_metadata.file_block_start"),
                        col("_metadata.row_index"),
                        to_json(struct(columns)))
                .javaRDD()
                .map(row -> new SourceRow(
                        indices.get(row.getString(0)),
                        row.getLong(1),
                        row.getLong(2) + 1,
                        row.getString(3).getBytes(StandardCharsets.UTF_8)));
    }

    /** A path that stands for itself where Spark expects a glob. */
    private static String escaped(String path) {
        return path.replaceAll("[\\\\{}\\[\\]*?]", "\\\\$0");
    }

    /** A column by its name, whatever characters it has. */
    private static Column quoted(String name) {
        return col("`" + name.replace("`", "``") + "`");
    }
}
