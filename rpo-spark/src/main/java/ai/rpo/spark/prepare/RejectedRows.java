package ai.rpo.spark.prepare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.preference.Reason;
import java.io.IOException;
import java.util.Arrays;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The rows that are left out: JSON lines of {@code file, line, reason, detail, row}, in the input's order. */
record RejectedRows(SparkSession spark, PreparePlan plan, Path folder) {

    /** Up to here one file is easier to look at than several. */
    private static final long ROWS_IN_ONE_FILE = 100_000;

    /**
     * @param outcomes with the columns that {@link InputTally#joinOffsets} adds
     * @param count rejected rows among them
     */
    void write(Dataset<Row> outcomes, long count) {
        if (count == 0) {
            delete();
            return;
        }
        Dataset<Row> unordered = outcomes.where(col("reason").isNotNull())
                .select(
                        col("file").as("file_index"),
                        nameOfFile().as("file"),
                        col("line").plus(col("lines_before")).as("line"),
                        keyOfReason().as("reason"),
                        col("detail"),
                        col("row"));
        Dataset<Row> rows = count <= ROWS_IN_ONE_FILE
                ? unordered.repartition(1).sortWithinPartitions("file_index", "line")
                : unordered.orderBy("file_index", "line");
        rows.drop("file_index").write().mode("overwrite").json(folder.toString());
    }

    private Column nameOfFile() {
        Column[] names = plan.files().stream().map(file -> lit(file.path())).toArray(Column[]::new);
        return element_at(functions.array(names), col("file").plus(1));
    }

    private static Column keyOfReason() {
        Column[] pairs = Arrays.stream(Reason.values())
                .flatMap(reason -> Arrays.stream(new Column[] {lit(reason.name()), lit(reason.key())}))
                .toArray(Column[]::new);
        return element_at(functions.map(pairs), col("reason"));
    }

    private void delete() {
        try {
            folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).delete(folder, true);
        } catch (IOException e) {
            throw new RpoException(
                    Kind.RETRYABLE, "Cannot clear " + folder + ": " + e.getMessage() + ". Check the store.", e);
        }
    }
}
