package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogManager;

/**
 * Writes results to a table whole, in place of what was written before. Iceberg's and Delta's formats replace all rows
 * in one step; Spark's own and Hive's get another table first, which then takes the name. A table that this program has
 * not written is left alone.
 */
public final class TableWriter {

    private static final String MARK = "rpo.written";
    private static final String SESSION_CATALOG = "spark_catalog";

    private final SparkSession spark;
    private final String table;
    private final TableName name;

    /**
     * @param table its name, as a query would have it
     * @throws RpoException where it is no name
     */
    public TableWriter(SparkSession spark, String table) {
        this.spark = spark;
        this.table = table;
        this.name = TableName.of(table, spark);
    }

    /**
     * Looks, before any work, whether the table may be written.
     *
     * @throws RpoException where somebody else's rows are in it, or there is no such catalog
     */
    public void check() {
        asking(() -> {
            if (exists() && !isOurs() && !spark.table(name.quoted()).isEmpty()) {
                throw RpoException.configuration("Cannot write to the table " + table
                        + ": it has rows that this program did not write, and writing replaces all. Name another table,"
                        + " or drop this one.");
            }
        });
    }

    private boolean exists() {
        return spark.catalog().tableExists(name.quoted());
    }

    private boolean isOurs() {
        return spark.sql("SHOW TBLPROPERTIES " + name.quoted()).collectAsList().stream()
                .anyMatch(row -> row.getString(0).equals(MARK));
    }

    /**
     * Puts rows in place of all that the table has.
     *
     * @throws RpoException where the catalog does not let it
     */
    public void replace(Dataset<Row> rows) {
        check();
        asking(() -> {
            String provider = exists() ? TableHistory.provider(name, spark) : "";
            if (provider.equals("delta")) {
                replaceFiles(rows);
            } else if (!provider.equals("iceberg") && isInSessionCatalog()) {
                replaceByName(rows);
            } else {
                rows.writeTo(name.quoted()).tableProperty(MARK, "true").createOrReplace();
            }
        });
    }

    private boolean isInSessionCatalog() {
        CatalogManager catalogs = spark.sessionState().catalogManager();
        String first = name.parts().get(0);
        return name.parts().size() > 1 && catalogs.isCatalogRegistered(first)
                ? first.equals(SESSION_CATALOG)
                : catalogs.currentCatalog().name().equals(SESSION_CATALOG);
    }

    /** One commit of Delta's, whose catalog does not replace tables under each Spark 3.5. */
    private void replaceFiles(Dataset<Row> rows) {
        spark.sql("ALTER TABLE " + name.quoted() + " SET TBLPROPERTIES ('" + MARK + "' = 'true')");
        rows.write()
                .format("delta")
                .mode(SaveMode.Overwrite)
                .option("overwriteSchema", true)
                .save(spark.sql("DESCRIBE DETAIL " + name.quoted()).first().<String>getAs("location"));
    }

    private void replaceByName(Dataset<Row> rows) {
        TableName staging = name.withSuffix("_rpo_staging");
        String view = "rpo_written_rows";
        rows.createOrReplaceTempView(view);
        try {
            spark.sql("DROP TABLE IF EXISTS " + staging.quoted());
            spark.sql("CREATE TABLE " + staging.quoted() + " USING parquet TBLPROPERTIES ('" + MARK
                    + "' = 'true') AS SELECT * FROM " + view);
            spark.sql("DROP TABLE IF EXISTS " + name.quoted());
            spark.sql("ALTER TABLE " + staging.quoted() + " RENAME TO " + name.quoted());
        } finally {
            spark.catalog().dropTempView(view);
        }
    }

    /** Writes, and throws what Spark's writers may throw. */
    private interface Work {
        void run() throws Exception;
    }

    private void asking(Work work) {
        try {
            work.run();
        } catch (RpoException e) {
            throw e;
        } catch (Exception e) {
            throw new RpoException(
                    SparkMessage.isOfUser(e) ? Kind.CONFIGURATION : Kind.RETRYABLE,
                    "Cannot write to the table " + table + ": " + SparkMessage.of(e)
                            + ". Check its name, and the keys under spark.sql.catalog that say where catalogs are.",
                    e);
        }
    }
}
