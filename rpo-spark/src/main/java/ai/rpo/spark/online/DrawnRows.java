package ai.rpo.spark.online;

import ai.rpo.spark.prepare.NumberedRows;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/** Draws rows of files by a seed, each at most once; which ones depends on the seed and on the rows' places alone. */
public final class DrawnRows {

    private DrawnRows() {}

    /** Orders rows by a random number of each, and rows with the same one by their place. */
    private record ByDraw(long seed) implements Comparator<NumberedRow>, Serializable {

        @Override
        public int compare(NumberedRow a, NumberedRow b) {
            int drawn = Long.compare(number(a), number(b));
            return drawn != 0 ? drawn : Long.compare(a.ordinal(), b.ordinal());
        }

        private long number(NumberedRow row) {
            return new SplittableRandom(seed ^ row.ordinal() * 0x9E3779B97F4A7C15L).nextLong();
        }
    }

    /**
     * Draws as many rows as there are, at most {@code count}.
     *
     * @param paths files, folders or globs
     * @return the rows as JSON, in the order of the files
     * @throws ai.rpo.core.RpoException where the files cannot be read or hold no rows of a known kind
     */
    public static List<String> of(SparkSession spark, List<String> paths, long count, long seed) {
        JavaRDD<NumberedRow> rows = NumberedRows.read(spark, paths);
        return rows.takeOrdered(Math.toIntExact(count), new ByDraw(seed)).stream()
                .sorted(Comparator.comparingLong(NumberedRow::ordinal))
                .map(row -> new String(row.json(), StandardCharsets.UTF_8).replace('\n', ' '))
                .toList();
    }
}
