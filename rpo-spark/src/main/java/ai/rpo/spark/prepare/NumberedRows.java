package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.spark.prepare.DataFile.Layout;
import ai.rpo.spark.store.InputFiles;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/** All rows of input files in their order, whatever the layout: JSON lines, JSON arrays, Parquet. */
public final class NumberedRows {

    private static final int LONGEST_QUOTE = 1 << 16;

    private NumberedRows() {}

    /**
     * A row as it stands in its file.
     *
     * @param ordinal place among all rows, from 0
     * @param file the file's URI
     * @param line of the file, from 1; in Parquet the row
     * @param json an object in UTF-8, unless the row is malformed
     */
    public record NumberedRow(long ordinal, String file, long line, byte[] json) implements Serializable {

        /** Says in a line of JSON that the row is left out: {@code file, line, reason, detail, row}. */
        public String leftOut(UnfitRowException why) {
            ObjectNode said = new ObjectMapper().createObjectNode();
            said.put("file", file);
            said.put("line", line);
            said.put("reason", why.reason().key());
            said.put("detail", why.getMessage());
            said.put("row", new String(json, 0, Math.min(json.length, LONGEST_QUOTE), StandardCharsets.UTF_8));
            return said.toString();
        }
    }

    /** A row whose place is known in part: {@code line} counts from {@code start}. */
    private record Placed(int file, long start, long line, byte[] json) implements Serializable {}

    /**
     * @param paths files, folders or globs
     * @return kept on the executors' disks, so that the files are read once
     * @throws RpoException where the files cannot be read or hold no rows of a known kind
     */
    public static JavaRDD<NumberedRow> read(SparkSession spark, List<String> paths) {
        return read(spark, paths, List.of());
    }

    /**
     * Reads further columns, too.
     *
     * @param more columns of Parquet files that no format asks for
     */
    public static JavaRDD<NumberedRow> read(SparkSession spark, List<String> paths, List<String> more) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        FileInspector inspector = new FileInspector(FieldNames.USUAL, more, hadoop);
        List<DataFile> files = new ArrayList<>();
        for (FileStatus file : InputFiles.resolve(paths, hadoop).files()) {
            files.add(inspector.inspect(files.size(), file, false));
        }
        SourceRows sources = new SourceRows(spark);
        JavaRDD<Placed> text = sources.ofText(files).map(NumberedRows::placed);
        JavaRDD<Placed> rows = sources.ofParquet(files)
                .map(parquet -> text.union(inOrder(parquet.map(NumberedRows::placed))))
                .orElse(text)
                .persist(StorageLevel.DISK_ONLY());
        Map<Integer, Long> firsts = firstOrdinals(rows, files);
        return rows.zipWithIndex().map(row -> {
            DataFile file = files.get(row._1().file);
            long line = file.layout() == Layout.LINES ? row._2() - firsts.get(file.index()) + 1 : row._1().line;
            return new NumberedRow(row._2(), file.path(), line, row._1().json);
        });
    }

    /**
     * Reads files of text here, without a job of Spark's, which takes longer to start than a few thousand rows to read.
     *
     * @param paths files, folders or globs
     * @throws RpoException where the files cannot be read, hold no rows of a known kind or are Parquet
     */
    public static List<NumberedRow> readHere(List<String> paths, Configuration hadoop) {
        FileInspector inspector = new FileInspector(FieldNames.USUAL, List.of(), hadoop);
        List<NumberedRow> rows = new ArrayList<>();
        for (FileStatus status : InputFiles.resolve(paths, hadoop).files()) {
            DataFile file = inspector.inspect(0, status, false);
            if (file.layout() == Layout.PARQUET) {
                throw RpoException.data("Cannot read " + file.path()
                        + ": it is Parquet, and JSON lines are needed here." + " Convert it.");
            }
            try (TextRows text = TextRows.open(new Slice(file, 0, file.bytes()), hadoop)) {
                text.forEachRemaining(
                        row -> rows.add(new NumberedRow(rows.size(), file.path(), row.line(), row.json())));
            } catch (IOException e) {
                throw Unreadable.file(file.path(), e);
            }
        }
        return rows;
    }

    private static Placed placed(SourceRow row) {
        return new Placed(row.file(), row.start(), row.line(), row.json());
    }

    /** Spark deals pieces of Parquet files to partitions by their size. */
    private static JavaRDD<Placed> inOrder(JavaRDD<Placed> rows) {
        return rows.sortBy(
                row -> String.format(Locale.ROOT, "%010d %019d", row.file, row.line), true, rows.getNumPartitions());
    }

    /** Text files come first, in their order, then those of Parquet. */
    private static Map<Integer, Long> firstOrdinals(JavaRDD<Placed> rows, List<DataFile> files) {
        Map<Integer, Long> counts = new HashMap<>(rows.mapToPair(row -> new Tuple2<>(row.file, 1L))
                .reduceByKey(Long::sum)
                .collectAsMap());
        Map<Integer, Long> firsts = new HashMap<>();
        long next = 0;
        for (DataFile file : files) {
            if (file.layout() != Layout.PARQUET) {
                firsts.put(file.index(), next);
                next += counts.getOrDefault(file.index(), 0L);
            }
        }
        return firsts;
    }
}
