package ai.rpo.jobs.pipeline;

import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.table.TableCopy;
import ai.rpo.spark.table.TableSource;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * The rows of a run that lie in tables: told by their pins, and read as files that are copied into the run directory.
 *
 * @param run in whose folder {@code tables} the copies lie
 * @param key columns that tell rows apart, and by which copies are ordered; none where empty
 */
record TableInputs(RunDirectory run, SparkLauncher spark, TablePins pins, List<String> key) {

    private static final String FOLDER = "tables/";

    /** Those of the paths that are files. */
    static List<String> filesAmong(List<String> paths) {
        return paths.stream().filter(path -> !TableSource.isOne(path)).toList();
    }

    /** Those of the paths that are none. */
    static List<String> tablesAmong(List<String> paths) {
        return paths.stream().filter(TableSource::isOne).toList();
    }

    /** Gives what tells the rows of a table or a query. */
    String identity(String path) {
        return pins.pin(path).identity();
    }

    /** Paths of files with the same rows. */
    List<String> asFiles(List<String> paths) {
        return paths.stream()
                .map(path -> TableSource.isOne(path) ? copy(path) : path)
                .toList();
    }

    private String copy(String path) {
        SparkSession session = spark.session();
        TableCopy copy = new TableCopy(session, pins.pin(path), key);
        return copy.in(run.artifact(FOLDER + copy.name()), ProgramVersion.get()).toString();
    }
}
