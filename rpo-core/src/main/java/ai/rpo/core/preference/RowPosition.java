package ai.rpo.core.preference;

/**
 * Says where a row stands.
 *
 * @param file the file's URI or path
 * @param line line of a text file, or row of a Parquet file, from 1
 */
public record RowPosition(String file, long line) {

    @Override
    public String toString() {
        return file + ":" + line;
    }
}
