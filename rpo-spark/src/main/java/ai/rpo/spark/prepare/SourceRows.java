package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Reads files of all layouts as rows of JSON; each partition's rows come slice by slice, in the order of the file. */
final class SourceRows {

    /** Columns as {@link ParquetFooter} takes them; no date is refused for being ancient. */
    private static final Map<String, String> SETTINGS = Map.of(
            "spark.sql.caseSensitive", "true",
            "spark.sql.legacy.parquet.nanosAsLong", "true",
            "spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED",
            "spark.sql.parquet.int96RebaseModeInRead", "CORRECTED");

    private final SparkSession spark;
    private final JavaSparkContext context;

    SourceRows(SparkSession spark) {
        this.spark = spark.newSession(); // has settings of its own
        SETTINGS.forEach(this.spark.conf()::set);
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
        TextRows rows = TextRows.open(slice, hadoop.value());
        TaskContext.get().addTaskCompletionListener(task -> {
            try {
                rows.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return rows;
    }

    /** The rows of Parquet files, each as JSON; bytes are taken for text. */
    Optional<JavaRDD<SourceRow>> ofParquet(List<DataFile> files) {
        // Files of one schema are read together: in another's rows, columns that it lacks would be null.
        Map<StructType, List<DataFile>> bySchema = files.stream()
                .filter(file -> file.layout() == Layout.PARQUET)
                .collect(Collectors.groupingBy(
                        file -> file.parquet().columns(), LinkedHashMap::new, Collectors.toList()));
        return bySchema.entrySet().stream()
                .map(group -> ofParquet(group.getKey(), group.getValue()))
                .reduce(JavaRDD::union);
    }

    private JavaRDD<SourceRow> ofParquet(StructType columns, List<DataFile> files) {
        // Spark names files by their encoded URIs.
        Map<String, Integer> indices = new HashMap<>();
        files.forEach(file -> indices.put(new Path(file.path()).toUri().toString(), file.index()));
        List<Column> selected = new ArrayList<>(
                List.of(col("_metadata.file_path"), col("_metadata.file_block_start"), col("_metadata.row_index")));
        int own = selected.size();
        for (StructField column : columns.fields()) {
            selected.add(RowJson.column(column));
        }
        return spark.read()
                .schema(columns)
                .parquet(files.stream().map(file -> escaped(file.path())).toArray(String[]::new))
                .select(selected.toArray(Column[]::new))
                .javaRDD()
                .map(row -> new SourceRow(
                        indices.get(row.getString(0)), row.getLong(1), row.getLong(2) + 1, RowJson.of(row, own)));
    }

    /** A path that stands for itself where Spark expects a glob. */
    private static String escaped(String path) {
        return path.replaceAll("[\\\\{}\\[\\]*?]", "\\\\$0");
    }
}
