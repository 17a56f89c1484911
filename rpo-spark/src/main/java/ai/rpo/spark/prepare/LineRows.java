package ai.rpo.spark.prepare;

import ai.rpo.core.preference.RowReader;
import ai.rpo.spark.prepare.DataFile.Layout;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;

/** The lines of a slice. A line of any length takes no more memory than a row may have. */
final class LineRows implements TextRows {

    /** One more than a row may have, so that a longer one is seen to be longer. */
    private static final int LONGEST_LINE = RowReader.LARGEST_ROW_BYTES + 1;

    private static final int BUFFER = 1 << 16;

    private final Slice slice;
    private final LineReader reader;
    private final Text text = new Text();
    private final long end;
    private long position;
    private long line;
    private byte[] next;

    LineRows(Slice slice, Configuration hadoop) throws IOException {
        this.slice = slice;
        Path path = new Path(slice.file().path());
        if (slice.file().layout() == Layout.LINES) {
            FSDataInputStream in = path.getFileSystem(hadoop).open(path);
            in.seek(slice.start());
            reader = new LineReader(in, BUFFER);
            end = slice.end();
            position = slice.start();
            if (position > 0) {
                // The slice before this one reads on to the end of the line it is in, also where that is just done.
                position += reader.readLine(text, 0);
            }
        } else {
            InputStream in = Decompression.of(path).open(path, hadoop);
            reader = new LineReader(in, BUFFER);
            end = Long.MAX_VALUE;
        }
        advance();
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
        SourceRow row = new SourceRow(slice.file().index(), slice.start(), line, next);
        try {
            advance();
        } catch (IOException e) {
            throw Unreadable.file(slice.file().path(), e);
        }
        return row;
    }

    private void advance() throws IOException {
        next = null;
        if (position > end) {
            return;
        }
        int consumed = reader.readLine(text, LONGEST_LINE);
        if (consumed == 0) {
            return;
        }
        position += consumed;
        line++;
        byte[] bytes = text.copyBytes();
        int mark = line == 1 && slice.start() == 0 ? ByteOrderMark.lengthIn(bytes) : 0;
        next = mark == 0 ? bytes : Arrays.copyOfRange(bytes, mark, bytes.length);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
