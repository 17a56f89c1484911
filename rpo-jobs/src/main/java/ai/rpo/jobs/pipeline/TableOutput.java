package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.table.TableWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Writes what a stage has made to a table of the session's catalogs, too.
 *
 * @param made the stage
 * @param key that names the table
 * @param table its name
 * @param needsKey whether its rows are joined with those of the data
 * @param rows asked for once the stage is done
 */
record TableOutput(Workplace place, Stage made, String key, String table, boolean needsKey, Supplier<Dataset<Row>> rows)
        implements Stage {

    /** The stage, or the writing of its rows where a table is named. */
    static Stage of(
            Workplace place,
            Stage made,
            String key,
            Optional<String> table,
            boolean needsKey,
            Supplier<Dataset<Row>> rows) {
        return table.<Stage>map(name -> new TableOutput(place, made, key, name, needsKey, rows))
                .orElse(made);
    }

    @Override
    public String name() {
        return "table-" + made.name();
    }

    @Override
    public String folder() {
        return "tables/of-" + made.name();
    }

    @Override
    public String product() {
        return made.product();
    }

    @Override
    public List<String> summary() {
        return List.of("  also in the table " + table);
    }

    @Override
    public List<Stage> requires() {
        return List.of(made);
    }

    @Override
    public Map<String, String> dependsOn() {
        return Map.of(key, table);
    }

    /** A table is written anew unasked: nothing but results of this program is replaced in it. */
    @Override
    public boolean isDrawing() {
        return true;
    }

    @Override
    public void checkMakeable() {
        if (needsKey && place.settings().data().key().isEmpty()) {
            throw RpoException.configuration("Cannot write " + key + " = " + table
                    + ": nobody could tell which of its rows belong to which of the data's. Name the columns that tell rows"
                    + " apart with rpo.data.key.");
        }
        new TableWriter(place.spark().session(), table).check();
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        Dataset<Row> written = rows.get();
        new TableWriter(place.spark().session(), table).replace(written);
        return Map.of("rows", written.count());
    }
}
