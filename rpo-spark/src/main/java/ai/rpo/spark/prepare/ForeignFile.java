package ai.rpo.spark.prepare;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Tells what a file is that holds no rows, or holds them in a way that is not read, and what to do about it. */
final class ForeignFile {

    private record Kind(byte[] magic, String what) {}

    private static final String DECOMPRESS =
            ", whatever its name says. Decompress it, or compress it with gzip or Zstandard.";

    private static final List<Kind> KINDS = List.of(
            kind("version https://git-lfs", "a pointer of Git LFS, not the file itself. Run git lfs pull."),
            kind("ARROW1", "a file of Arrow. Write it as Parquet, as to_parquet of Python's datasets does."),
            kind(
                    "\u00ff\u00ff\u00ff\u00ff",
                    "a stream of Arrow. Write it as Parquet, as to_parquet of Python's datasets does."),
            kind("\u001f\u008b", "compressed with gzip. Let its name end in .gz."),
            kind("BZh", "compressed with bzip2. Let its name end in .bz2."),
            kind("\u0028\u00b5\u002f\u00fd", "compressed with Zstandard. Let its name end in .zst."),
            kind("\u00fd7zXZ", "compressed with xz" + DECOMPRESS),
            kind("PK\u0003\u0004", "a zip archive" + DECOMPRESS),
            kind("\u00ff\u00fe", "UTF-16. Write it as UTF-8."),
            kind("\u00fe\u00ff", "UTF-16. Write it as UTF-8."));

    private ForeignFile() {}

    /**
     * Says what a file is, and what to do.
     *
     * @param name without what tells of a compression
     * @param head what it begins with, decompressed
     */
    static Optional<String> hint(String name, byte[] head) {
        Optional<String> byMagic = KINDS.stream()
                .filter(kind -> Arrays.equals(
                        head, 0, Math.min(head.length, kind.magic.length), kind.magic, 0, kind.magic.length))
                .map(Kind::what)
                .findFirst();
        if (byMagic.isPresent()) {
            return byMagic;
        }
        if (name.endsWith(".csv") || name.endsWith(".tsv")) {
            return Optional.of(
                    "a table of texts. Write it as Parquet or JSON lines, as to_json of Python's pandas does with"
                            + " orient='records' and lines=True.");
        }
        if (name.endsWith(".tar")) {
            return Optional.of("a tar archive. Unpack it.");
        }
        return isSpreadOut(head)
                ? Optional.of(
                        "one JSON object over several lines. Write each row on a line of its own, or an array of them.")
                : Optional.empty();
    }

    /** Tells whether the first line opens an object and leaves off where another line must follow. */
    private static boolean isSpreadOut(byte[] head) {
        String text = new String(
                head,
                ByteOrderMark.lengthIn(head),
                head.length - ByteOrderMark.lengthIn(head),
                StandardCharsets.ISO_8859_1);
        int end = text.stripLeading().indexOf('\n');
        String line = end < 0 ? "" : text.stripLeading().substring(0, end).stripTrailing();
        return line.startsWith("{") && (line.endsWith("{") || line.endsWith("[") || line.endsWith(","));
    }

    private static Kind kind(String magic, String what) {
        return new Kind(magic.getBytes(StandardCharsets.ISO_8859_1), what);
    }
}
