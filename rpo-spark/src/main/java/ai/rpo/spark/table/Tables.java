package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Reads tables and queries through the catalogs of a session. */
public final class Tables {

    private final SparkSession spark;

    public Tables(SparkSession spark) {
        this.spark = spark;
    }

    /**
     * Finds out which rows a source stands for now. Reads them all where the format has no snapshots.
     *
     * @throws RpoException where there is no such table or snapshot, or the query is none
     */
    public TablePin pin(TableSource source) {
        return asking(source, () -> pinned(source));
    }

    private TablePin pinned(TableSource source) {
        Optional<TableHistory> history = history(source);
        if (history.isEmpty()) {
            return new TablePin(source, RowHash.of(rows(source)), false);
        }
        Optional<String> at = source.at().isPresent()
                ? source.at().map(wanted -> history.get().find(source, wanted, spark))
                : history.get().latest();
        if (at.isEmpty()) {
            return new TablePin(source, RowHash.of(rows(source)), false); // nothing was ever written to it
        }
        TableSource exact = source.at(at.get());
        if (source.since().isEmpty()) {
            return new TablePin(exact, history.get().identity(at.get()), true);
        }
        String since = history.get().find(source, source.since().get(), spark);
        TableSource between = exact.since(since);
        requireSameColumns(between);
        return new TablePin(between, history.get().identity(at.get()) + " beyond " + since, true);
    }

    private Optional<TableHistory> history(TableSource source) {
        if (source.isQuery()) {
            Query.require(source, spark);
            return Optional.empty();
        }
        Optional<TableHistory> history = TableHistory.of(name(source), spark);
        if (history.isEmpty() && source.at().isPresent()) {
            throw RpoException.configuration(
                    "Cannot read " + source
                            + ": its format has no snapshots. Leave out what follows the @, or use a table of Iceberg's or Delta's.");
        }
        return history;
    }

    /**
     * Finds out what a source has beyond what is known of it.
     *
     * @param known sources that were read before, by how {@link TableSource#toString} writes them, with their
     *     identities
     * @param whole whether all rows are wanted where some are new
     * @return nothing where there are no other rows; all rows where the format has no snapshots, or none of the table
     *     is known
     * @throws RpoException where the snapshot that is known has expired, or the table has other columns now
     */
    public Optional<TablePin> beyond(Map<String, String> known, TableSource source, boolean whole) {
        TablePin now = pin(source);
        if (now.identity().equals(known.get(now.source().toString()))) {
            return Optional.empty();
        }
        List<String> before = known.keySet().stream()
                .filter(TableSource::isOne)
                .map(TableSource::parse)
                .filter(each -> !each.isQuery() && each.text().equals(source.text()))
                .flatMap(each -> each.at().stream())
                .toList();
        if (now.source().at().filter(before::contains).isPresent()
                && source.since().isEmpty()) {
            return Optional.empty(); // it was reached in steps
        }
        if (whole || !now.hasSnapshots() || source.since().isPresent() || before.isEmpty()) {
            return Optional.of(now);
        }
        return asking(source, () -> {
            String since = history(source)
                    .flatMap(history -> history.newestOf(before))
                    .orElseThrow(() -> RpoException.configuration("Cannot tell what is new in " + source
                            + ": the snapshots that were read before (" + String.join(", ", before)
                            + ") have expired. Set rpo.retrain.from = base, which learns the whole table, and keep"
                            + " snapshots for longer than from one night to the next."));
            TablePin news = pin(now.source().since(since));
            return rows(news.source()).isEmpty() ? Optional.<TablePin>empty() : Optional.of(news);
        });
    }

    private void requireSameColumns(TableSource between) {
        StructType before =
                spark.sql(select(between, between.since().orElseThrow())).schema();
        StructType now = spark.sql(select(between, between.at().orElseThrow())).schema();
        if (!RowHash.columns(before).equals(RowHash.columns(now))) {
            throw RpoException.configuration(
                    "Cannot tell what is new in " + between + ": its columns have changed, from ("
                            + RowHash.columns(before) + ") to (" + RowHash.columns(now)
                            + "). Set rpo.retrain.from = base for once, which learns the whole table, or name a query that gives"
                            + " the columns as they were.");
        }
    }

    /** The rows of a source. Nothing is read before they are used. */
    Dataset<Row> rows(TableSource source) {
        if (source.isQuery()) {
            return spark.sql(source.text());
        }
        if (source.at().isEmpty()) {
            return spark.table(name(source).quoted());
        }
        String all = select(source, source.at().get());
        return spark.sql(source.since()
                .map(from -> all + " EXCEPT ALL " + select(source, from))
                .orElse(all));
    }

    private String select(TableSource source, String snapshot) {
        return "SELECT * FROM " + name(source).quoted() + " VERSION AS OF " + snapshot;
    }

    private TableName name(TableSource source) {
        return TableName.of(source.text(), spark);
    }

    /** Gives what a folder of a source's rows may be called. */
    String plain(TableSource source) {
        return source.isQuery() ? "query" : name(source).plain();
    }

    /** Gives what Spark says in words of this project's. */
    static <T> T asking(TableSource source, Supplier<T> work) {
        try {
            return work.get();
        } catch (RpoException e) {
            throw e;
        } catch (Exception e) { // Spark declares checked exceptions to Scala alone
            String said = SparkMessage.of(e);
            if (said.contains("TABLE_OR_VIEW_NOT_FOUND") || said.contains("SCHEMA_NOT_FOUND")) {
                throw new RpoException(
                        Kind.CONFIGURATION,
                        "Cannot read " + source + ": there is no such table or view (" + said
                                + "). Check the name, and the keys under spark.sql.catalog that say where catalogs are.",
                        e);
            }
            throw new RpoException(
                    SparkMessage.isOfUser(e) ? Kind.CONFIGURATION : Kind.OTHER,
                    "Cannot read " + source + ": " + said
                            + ". Check the table in spark-sql with the same keys under spark.sql.",
                    e);
        }
    }
}
