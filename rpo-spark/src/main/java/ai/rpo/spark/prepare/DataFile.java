package ai.rpo.spark.prepare;

import java.io.Serializable;

/**
 * One input file, as it was found before work started.
 *
 * @param index place among all input files, training files first
 * @param path the file's URI
 * @param bytes its length as stored
 * @param layout how rows are written in it
 * @param parquet what is in a file of that layout; null for others
 * @param heldOut whether it was given as evaluation data
 */
record DataFile(int index, String path, long bytes, Layout layout, ParquetContent parquet, boolean heldOut)
        implements Serializable {

    /** Says how rows are written in a file. */
    enum Layout {
        /** One JSON object a line, not compressed, so that a file can be read in pieces. */
        LINES,
        /** JSON lines, compressed. */
        COMPRESSED_LINES,
        /** One JSON array of objects, compressed or not. */
        ARRAY,
        PARQUET
    }
}
