package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Manifest;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Copies of pinned rows as Parquet files, from which they are read as from any others. A table has no order; the copy has: by
 * the key where there is one, else by the hash of the row, unless a query says itself in which order its rows come. So equal
 * rows make equal runs.
 */
public final class TableCopy {

    private static final String ROWS = "rows";
    private static final int DIGITS = 12;

    private final SparkSession spark;
    private final TablePin pin;
    private final List<String> key;

    /** @param key columns by which rows are told apart, if any */
    public TableCopy(SparkSession spark, TablePin pin, List<String> key) {
        this.spark = spark;
        this.pin = pin;
        this.key = List.copyOf(key);
    }

    /** A folder's name that no other rows have. */
    public String name() {
        return new Tables(spark).plain(pin.source()) + "-"
                + fingerprint().digest().substring(0, DIGITS);
    }

    private Fingerprint fingerprint() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("source", pin.source().toString());
        values.put("identity", pin.identity());
        values.put("key", String.join(", ", key));
        return new Fingerprint(values);
    }

    /**
     * Makes the copy, unless it is there.
     *
     * @param version of the program
     * @return the folder of its files
     * @throws RpoException where the rows cannot be read, are others by now, or have columns that Parquet cannot hold
     */
    public Path in(ArtifactDirectory artifact, String version) {
        Path rows = new Path(artifact.path(), ROWS);
        if (artifact.manifest()
                .filter(found -> found.fingerprint().equals(fingerprint()))
                .isPresent()) {
            return rows;
        }
        artifact.clear();
        Dataset<Row> copied = Tables.asking(pin.source(), () -> {
            ordered(new Tables(spark).rows(pin.source()))
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(rows.toString());
            return spark.read().parquet(rows.toString());
        });
        if (!pin.hasSnapshots() && !RowHash.of(copied).equals(pin.identity())) {
            throw new RpoException(
                    Kind.RETRYABLE,
                    "Cannot use " + pin.source()
                            + ": it gave other rows a moment ago, so that nobody could tell what was"
                            + " read. Run again when nobody writes to it; a query must give the same rows each time.");
        }
        artifact.publish(new Manifest("table", version, Instant.now(), fingerprint(), Map.of("rows", copied.count())));
        return rows;
    }

    private Dataset<Row> ordered(Dataset<Row> rows) {
        List<String> columns = Arrays.asList(rows.columns());
        if (!key.isEmpty() && columns.containsAll(key)) {
            return rows.orderBy(key.stream()
                    .map(name -> functions.col("`" + name.replace("`", "``") + "`"))
                    .toArray(Column[]::new));
        }
        return Query.isOrdered(rows.queryExecution().analyzed()) ? rows : rows.orderBy(RowHash.ofRow(rows.schema()));
    }
}
