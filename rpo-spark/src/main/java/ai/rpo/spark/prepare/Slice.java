package ai.rpo.spark.prepare;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A piece of a text file that one task reads: the lines that begin after {@code start}, or at 0, up to {@code end}
 * inclusive.
 *
 * @param start bytes from the file's beginning
 * @param end bytes from the file's beginning
 */
record Slice(DataFile file, long start, long end) implements Serializable {

    private static final long SMALLEST = 256 << 10;
    private static final long LARGEST = 8 << 20;

    /** Says what tells slices of all files apart; ordered as they stand in the input. */
    record Key(int file, long start) implements Comparable<Key>, Serializable {

        @Override
        public int compareTo(Key other) {
            return file == other.file ? Long.compare(start, other.start) : Integer.compare(file, other.file);
        }
    }

    /** Cuts files so that every core gets several pieces; compressed files and arrays can only be read whole. */
    static List<Slice> of(List<DataFile> files, int cores) {
        long total = files.stream().mapToLong(DataFile::bytes).sum();
        long length = Math.max(SMALLEST, Math.min(LARGEST, total / (4L * cores)));
        List<Slice> slices = new ArrayList<>();
        for (DataFile file : files) {
            if (file.layout() == Layout.LINES) {
                for (long start = 0; start < file.bytes(); start += length) {
                    slices.add(new Slice(file, start, Math.min(file.bytes(), start + length)));
                }
            } else if (file.layout() != Layout.PARQUET) {
                slices.add(new Slice(file, 0, file.bytes()));
            }
        }
        return slices;
    }
}
