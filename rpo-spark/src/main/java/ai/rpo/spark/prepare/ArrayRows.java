package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.preference.RowReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The elements of a file that is one JSON array, read one at a time. */
final class ArrayRows implements TextRows {

    private final DataFile file;
    private final InputStream in;
    private final ArrayElements elements;
    private SourceRow next;
    private boolean ended;

    ArrayRows(DataFile file, Configuration hadoop) throws IOException {
        this.file = file;
        Path path = new Path(file.path());
        in = Decompression.of(path).open(path, hadoop);
        // One more byte than a row may have, so that a longer one is seen to be longer.
        elements = new ArrayElements(in, RowReader.LARGEST_ROW_BYTES + 1);
        advance();
        if (ended && next.json().length == 0) {
            next = null; // an empty array
        }
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public SourceRow next() {
        if (next == null) {
            throw new NoSuchElementException();
        }
        SourceRow row = next;
        try {
            advance();
        } catch (IOException e) {
            throw Unreadable.file(file.path(), e);
        }
        return row;
    }

    private void advance() throws IOException {
        next = null;
        if (ended) {
            return;
        }
        try {
            ArrayElements.Element element = elements.next();
            next = new SourceRow(file.index(), 0, element.line(), element.json());
            ended = element.isLast();
            if (ended) {
                elements.requireEnd();
            }
        } catch (ArrayElements.BrokenArray e) {
            throw new RpoException(
                    Kind.DATA,
                    "Cannot read " + file.path() + ": " + e.getMessage() + ". Mend it, or write one object a line.",
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
