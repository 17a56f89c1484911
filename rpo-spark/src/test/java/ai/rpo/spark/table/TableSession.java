package ai.rpo.spark.table;

import io.delta.sql.DeltaSparkSessionExtension;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** A session with a catalog of Iceberg's, {@code ice}, and with Delta tables in its own. */
final class TableSession {

    private TableSession() {}

    /** @param warehouse folder of Iceberg's tables */
    static SparkSession open(SparkSession given, Path warehouse) {
        SparkSession.clearDefaultSession();
        SparkSession.clearActiveSession();
        try {
            return SparkSession.builder()
                    .withExtensions(new DeltaSparkSessionExtension())
                    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
                    .config("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog")
                    .config("spark.sql.catalog.ice.type", "hadoop")
                    .config("spark.sql.catalog.ice.warehouse", warehouse.toString())
                    .config("spark.databricks.delta.snapshotPartitions", 1)
                    .getOrCreate();
        } finally {
            SparkSession.setDefaultSession(given);
            SparkSession.setActiveSession(given);
        }
    }
}
