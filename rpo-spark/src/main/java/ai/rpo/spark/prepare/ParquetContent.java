package ai.rpo.spark.prepare;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.StructType;

/**
 * Says what a Parquet file holds, by its footer.
 *
 * @param columns that are read, in types of Spark's
 * @param others names of the columns that are passed over
 */
record ParquetContent(StructType columns, List<String> others, long rows) implements Serializable {}
