package ai.rpo.spark.prepare;

import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;

/** Yields the rows of one slice of a text file, in the order of the file. */
interface TextRows extends Iterator<SourceRow>, Closeable {

    /**
     * Opens a slice as its file's layout says.
     *
     * @throws ai.rpo.core.RpoException where the file cannot be read
     */
    static TextRows open(Slice slice, Configuration hadoop) {
        try {
            return slice.file().layout() == Layout.ARRAY
                    ? new ArrayRows(slice.file(), hadoop)
                    : new LineRows(slice, hadoop);
        } catch (IOException e) {
            throw Unreadable.file(slice.file().path(), e);
        }
    }
}
