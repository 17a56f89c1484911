package ai.rpo.jobs.pipeline;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.table.TablePin;
import ai.rpo.spark.table.TableSource;
import ai.rpo.spark.table.Tables;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says which rows the tables and queries of one command stand for. Each is asked once, so that all of a command means
 * the same.
 */
public final class TablePins {

    private final SparkLauncher spark;
    private final Map<String, TablePin> known = new HashMap<>();

    /** @param spark started when the first table is asked for */
    public TablePins(SparkLauncher spark) {
        this.spark = spark;
    }

    /**
     * Finds out which rows a table or a query stands for.
     *
     * @throws ai.rpo.core.RpoException where it cannot be read
     */
    public TablePin pin(String path) {
        TablePin found = known.get(path);
        if (found == null) {
            found = tables().pin(TableSource.parse(path));
            known.put(path, found);
            known.put(found.source().toString(), found);
        }
        return found;
    }

    /** Names the snapshot in place of a table wherever rows are read, so that whoever reads it again reads the same. */
    public ResolvedConfiguration pinned(ResolvedConfiguration configuration) {
        return configuration.withRows(
                path -> TableSource.isOne(path) ? pin(path).source().toString() : path);
    }

    /**
     * Finds out what a table or a query has beyond what is known of it.
     *
     * @param known rows, by the paths under which they were read, with what told them
     * @param whole whether all rows are wanted where some are new
     * @return the path of the other rows, and what tells them
     */
    public Optional<TablePin> beyond(Map<String, String> known, String path, boolean whole) {
        return tables().beyond(known, TableSource.parse(path), whole);
    }

    /** Tells whether any table or query was asked for. */
    public boolean isUsed() {
        return !known.isEmpty();
    }

    private Tables tables() {
        return new Tables(spark.session());
    }
}
