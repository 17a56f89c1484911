package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Looks at the beginning of each input file, and at the footer of Parquet files, before any work starts. */
final class FileInspector {

    private static final int ENOUGH = 1 << 16;
    private static final byte[] PARQUET_MAGIC = {'P', 'A', 'R', '1'};
    private static final List<String> JSON_NAMES = List.of(".jsonl", ".json", ".ndjson");

    private final Configuration hadoop;
    private final ParquetFooter footers;

    /**
     * @param fields what the rows call the formats' fields
     * @param key columns that tell rows apart
     */
    FileInspector(FieldNames fields, List<String> key, Configuration hadoop) {
        this.hadoop = hadoop;
        this.footers = new ParquetFooter(fields, key, hadoop);
    }

    /**
     * @throws RpoException where the file cannot be read or holds no rows of a known kind
     */
    DataFile inspect(int index, FileStatus file, boolean heldOut) {
        Path path = file.getPath();
        Layout layout = layout(path, file.getLen());
        ParquetContent parquet = layout == Layout.PARQUET ? footers.read(path) : null;
        return new DataFile(index, path.toString(), file.getLen(), layout, parquet, heldOut);
    }

    private Layout layout(Path path, long bytes) {
        Decompression compression = Decompression.of(path);
        Layout lines = compression == Decompression.NONE ? Layout.LINES : Layout.COMPRESSED_LINES;
        String name = compression.innerName(path);
        byte[] head = bytes == 0 ? new byte[0] : head(path, compression);
        ForeignFile.hint(name, head).ifPresent(what -> {
            throw RpoException.data("Cannot read " + path + ": it is " + what);
        });
        if (startsWithMagic(head) || name.endsWith(".parquet")) {
            return Layout.PARQUET;
        }
        int first = firstCharacter(head);
        if (first == '[') {
            return Layout.ARRAY;
        }
        if (first == '{' || JSON_NAMES.stream().anyMatch(name::endsWith)) {
            return lines;
        }
        throw RpoException.data("Cannot read " + path + ": it is neither JSON lines, nor a JSON array, nor Parquet."
                + " Convert it, or name only the files that hold the rows.");
    }

    private byte[] head(Path path, Decompression compression) {
        try (InputStream in = compression.open(path, hadoop)) {
            return in.readNBytes(ENOUGH);
        } catch (IOException e) {
            throw Unreadable.file(path.toString(), e);
        }
    }

    private static boolean startsWithMagic(byte[] head) {
        return head.length >= PARQUET_MAGIC.length
                && Arrays.equals(head, 0, PARQUET_MAGIC.length, PARQUET_MAGIC, 0, PARQUET_MAGIC.length);
    }

    /** The first byte that is neither white space nor part of a byte order mark; −1 where there is none. */
    private static int firstCharacter(byte[] head) {
        for (int i = ByteOrderMark.lengthIn(head); i < head.length; i++) {
            if (!Character.isWhitespace(head[i])) {
                return head[i];
            }
        }
        return -1;
    }
}
