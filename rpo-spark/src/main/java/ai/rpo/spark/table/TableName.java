package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import scala.collection.JavaConverters;

/**
 * A table's name.
 *
 * @param parts catalog, namespaces and table, as many as were given
 */
record TableName(List<String> parts) {

    /** @throws RpoException where it is no name */
    static TableName of(String name, SparkSession spark) {
        try {
            return new TableName(JavaConverters.seqAsJavaList(
                    spark.sessionState().sqlParser().parseMultipartIdentifier(name)));
        } catch (Exception e) { // Spark declares checked exceptions to Scala alone
            throw RpoException.configuration(
                    "Cannot use the table " + name + ": that is no name of a table (" + SparkMessage.of(e)
                            + "). Write catalog.db.name, with backquotes around parts of other characters.");
        }
    }

    /** The name of another table beside this one. */
    TableName withSuffix(String suffix) {
        List<String> other = new ArrayList<>(parts);
        other.set(other.size() - 1, other.get(other.size() - 1) + suffix);
        return new TableName(other);
    }

    /** Gives the name as it stands in a query. */
    String quoted() {
        return parts.stream().map(part -> "`" + part.replace("`", "``") + "`").collect(Collectors.joining("."));
    }

    /** Gives what follows the last dot, in letters and digits alone. */
    String plain() {
        return parts.get(parts.size() - 1).replaceAll("[^A-Za-z0-9_-]+", "-");
    }
}
