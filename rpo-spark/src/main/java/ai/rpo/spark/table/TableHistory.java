package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import java.sql.Timestamp;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * The snapshots of a table whose format has some.
 *
 * @param format such as {@code iceberg}
 * @param of what tells this table from another of the same name; empty where snapshots do
 * @param snapshots that can still be read, the oldest first
 */
record TableHistory(String format, String of, List<Snapshot> snapshots) {

    private static final int NAMED = 5;

    /**
     * A table as it was.
     *
     * @param time from which on it was so
     */
    record Snapshot(String id, Timestamp time) {}

    /** Looks a table up; empty where its format has no snapshots, or it is a view. */
    static Optional<TableHistory> of(TableName table, SparkSession spark) {
        return switch (provider(table, spark)) {
            case "iceberg" -> Optional.of(ofIceberg(table, spark));
            case "delta" -> Optional.of(ofDelta(table, spark));
            default -> Optional.empty();
        };
    }

    /** Such as {@code iceberg} or {@code parquet}; empty for a view. */
    static String provider(TableName table, SparkSession spark) {
        return spark.sql("DESCRIBE TABLE EXTENDED " + table.quoted()).collectAsList().stream()
                .filter(row -> "Provider".equals(row.getString(0)))
                .map(row -> row.getString(1).toLowerCase(Locale.ROOT))
                .findFirst()
                .orElse("");
    }

    /** The log says what was current when; those that have expired are no snapshots any more. */
    private static TableHistory ofIceberg(TableName table, SparkSession spark) {
        return new TableHistory(
                "iceberg",
                "",
                snapshots(spark.sql("SELECT CAST(h.snapshot_id AS STRING), h.made_current_at FROM " + table.quoted()
                        + ".history h JOIN " + table.quoted()
                        + ".snapshots s ON h.snapshot_id = s.snapshot_id ORDER BY h.made_current_at")));
    }

    private static TableHistory ofDelta(TableName table, SparkSession spark) {
        return new TableHistory(
                "delta",
                spark.sql("DESCRIBE DETAIL " + table.quoted()).first().getAs("id"),
                snapshots(spark.sql("DESCRIBE HISTORY " + table.quoted())
                        .orderBy("version")
                        .select(functions.col("version").cast(DataTypes.StringType), functions.col("timestamp"))));
    }

    private static List<Snapshot> snapshots(Dataset<Row> rows) {
        return rows.collectAsList().stream()
                .map(row -> new Snapshot(row.getString(0), row.getTimestamp(1)))
                .toList();
    }

    /** The newest snapshot; empty where the table never had a row. */
    Optional<String> latest() {
        return snapshots.isEmpty()
                ? Optional.empty()
                : Optional.of(snapshots.get(snapshots.size() - 1).id());
    }

    boolean has(String snapshot) {
        return snapshots.stream().anyMatch(each -> each.id().equals(snapshot));
    }

    /** The newest of the given snapshots. */
    Optional<String> newestOf(List<String> given) {
        return snapshots.stream().map(Snapshot::id).filter(given::contains).reduce((before, after) -> after);
    }

    /**
     * Finds a snapshot by what a user writes.
     *
     * @param wanted a snapshot, or a time as Spark reads it
     * @throws RpoException where it is neither, or is gone
     */
    String find(TableSource source, String wanted, SparkSession spark) {
        if (has(wanted)) {
            return wanted;
        }
        if (!wanted.matches("\\d+")) {
            Timestamp time = spark.range(1)
                    .select(functions.lit(wanted).cast(DataTypes.TimestampType))
                    .first()
                    .getTimestamp(0);
            if (time != null) {
                return snapshots.stream()
                        .filter(snapshot -> !snapshot.time().after(time))
                        .map(Snapshot::id)
                        .reduce((before, after) -> after)
                        .orElseThrow(() -> missing(source, "it had no snapshot at " + wanted));
            }
            throw missing(source, wanted + " is neither a snapshot nor a time");
        }
        throw missing(source, "it has no snapshot " + wanted + ", or none any more");
    }

    private RpoException missing(TableSource source, String why) {
        String newest = snapshots.stream()
                .skip(Math.max(0, snapshots.size() - NAMED))
                .map(snapshot -> snapshot.id() + " of " + snapshot.time())
                .collect(Collectors.joining(", "));
        return RpoException.configuration("Cannot read " + source + ": " + why + ". Name one that is there ("
                + (newest.isEmpty() ? "there is none" : newest)
                + "), or keep snapshots for longer in the " + format + " table.");
    }

    /** Words for what tells a snapshot's rows. */
    String identity(String snapshot) {
        return format + " snapshot " + snapshot + (of.isEmpty() ? "" : " of " + of);
    }
}
