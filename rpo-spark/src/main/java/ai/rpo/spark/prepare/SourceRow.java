package ai.rpo.spark.prepare;

import java.io.Serializable;

/**
 * A row as it stands in its file.
 *
 * @param file the file's {@link DataFile#index}
 * @param start where the piece of the file that was read with this row starts
 * @param line from 1: counted from {@code start} in files of lines, from the file's beginning in others
 * @param json the row, a JSON object in UTF-8 unless it is malformed
 */
record SourceRow(int file, long start, long line, byte[] json) implements Serializable {}
