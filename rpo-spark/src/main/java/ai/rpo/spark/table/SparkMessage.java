package ai.rpo.spark.table;

import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.catalyst.parser.ParseException;

/** Shortens what Spark says to fit into a sentence. */
final class SparkMessage {

    private SparkMessage() {}

    /** The first line, without what Spark advises. */
    static String of(Throwable failure) {
        return String.valueOf(failure.getMessage())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .orElse(failure.toString())
                .replaceFirst("(?<=[.!])\\s.*", "")
                .replaceFirst("[.;]$", "");
    }

    /** Tells whether Spark found the text wrong, or what it names: it is the user's, and not a failure of Spark's. */
    static boolean isOfUser(Throwable failure) {
        return failure instanceof AnalysisException || failure instanceof ParseException;
    }
}
