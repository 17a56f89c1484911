package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.RowFormats;
import ai.rpo.spark.store.StaleChecksum;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.StructType;

/**
 * Reads the footers of Parquet files, and decides which columns are read: those that a format may need, and all that are
 * text, in which the prompt may be. What else a file has may be of any type, also of one that Spark does not know.
 */
final class ParquetFooter {

    /** The name under which Spark tells where a row is from. */
    private static final String TAKEN_BY_SPARK = "_metadata";

    private static final int LENGTH_AND_MAGIC = 8;

    private final Set<String> wanted = new HashSet<>(RowFormats.fields());
    private final Configuration hadoop;
    // Names are told apart by case, and nanoseconds, which are in no row's format, are numbers.
    private final ParquetToSparkSchemaConverter types =
            new ParquetToSparkSchemaConverter(false, true, true, true, true);

    /**
     * @param fields what the rows call the formats' fields
     * @param key columns that tell rows apart
     */
    ParquetFooter(FieldNames fields, List<String> key, Configuration hadoop) {
        wanted.addAll(fields.names().values());
        fields.ignored().forEach(wanted::remove);
        wanted.addAll(key);
        this.hadoop = hadoop;
    }

    /** @throws RpoException where the file is broken, or Spark cannot read a column that is needed */
    ParquetContent read(Path path) {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(path, hadoop))) {
            MessageType schema = reader.getFileMetaData().getSchema();
            StructType columns = new StructType();
            List<String> others = new ArrayList<>();
            for (Type column : schema.getFields()) {
                boolean isWanted = wanted.contains(column.getName());
                if ((isWanted || isText(column)) && !column.getName().equals(TAKEN_BY_SPARK)) {
                    columns = columns.add(convert(column, path).fields()[0]);
                } else {
                    others.add(column.getName());
                }
            }
            return new ParquetContent(columns, List.copyOf(others), reader.getRecordCount());
        } catch (RpoException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw broken(path, e);
        }
    }

    private static boolean isText(Type column) {
        return column.isPrimitive()
                && !column.isRepetition(Type.Repetition.REPEATED)
                && column.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation;
    }

    private StructType convert(Type column, Path path) {
        try {
            return types.convert(new MessageType("row", column));
        } catch (Exception e) { // Spark declares checked exceptions to Scala alone
            throw new RpoException(
                    Kind.DATA,
                    "Cannot read " + path + ": its column " + column.getName()
                            + " has a type that Spark does not read ("
                            + firstLine(e) + "). Write it as another one, or, if it does not matter, name it in"
                            + " rpo.data.fields.ignored.",
                    e);
        }
    }

    private RpoException broken(Path path, Exception e) {
        Optional<RpoException> stale = StaleChecksum.of(path, e);
        if (stale.isPresent()) {
            return stale.get();
        }
        List<String> unknown = columnsOfUnknownTypes(path);
        if (!unknown.isEmpty()) {
            return new RpoException(
                    Kind.DATA,
                    "Cannot read " + path + ": the type of its column " + String.join(", ", unknown)
                            + " is newer than this reader"
                            + " of Parquet, such as float16. Write it as another one, or leave it out.",
                    e);
        }
        return new RpoException(
                Kind.DATA,
                "Cannot read " + path + ": it is not a whole Parquet file (" + firstLine(e)
                        + "). Write or copy it again.",
                e);
    }

    /** Parquet's own reader of footers fails on them; the structure beneath can be read, and has a hole there. */
    private List<String> columnsOfUnknownTypes(Path path) {
        try {
            FileSystem store = path.getFileSystem(hadoop);
            long end = store.getFileStatus(path).getLen() - LENGTH_AND_MAGIC;
            try (FSDataInputStream in = store.open(path)) {
                in.seek(end);
                in.seek(end - Integer.reverseBytes(in.readInt()));
                List<SchemaElement> schema = Util.readFileMetaData(in).getSchema();
                List<String> unknown = new ArrayList<>();
                for (int column = 1; column < schema.size(); ) {
                    int next = behind(column, schema);
                    if (schema.subList(column, next).stream()
                            .anyMatch(type -> type.isSetLogicalType()
                                    && type.getLogicalType().getSetField() == null)) {
                        unknown.add(schema.get(column).getName());
                    }
                    column = next;
                }
                return unknown;
            }
        } catch (IOException | RuntimeException e) {
            return List.of(); // the first failure says more
        }
    }

    /** The place behind a column and all that it is made of; a schema lists each before its parts. */
    private static int behind(int column, List<SchemaElement> schema) {
        int next = column + 1;
        for (int part = schema.get(column).getNum_children(); part > 0; part--) {
            next = behind(next, schema);
        }
        return next;
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }
}
