package ai.rpo.spark.prepare;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Finds where the elements of a JSON array begin and end, whatever they are, so that one that is malformed or beyond what
 * is read is one unfit row. An element takes no more memory than a row may have, and its bytes are as they stand.
 */
final class ArrayElements {

    private static final int END = -1;

    private final InputStream in;
    private final int longest;
    private final byte[] buffer = new byte[1 << 16];
    private int length;
    private int position;
    private long line = 1;

    /**
     * @param in UTF-8 text, before the opening bracket
     * @param longest bytes of an element that are kept
     */
    ArrayElements(InputStream in, int longest) throws IOException {
        this.in = in;
        this.longest = longest;
        int next;
        do {
            next = read(); // white space, or a byte order mark
        } while (next != '[' && next != END);
    }

    /**
     * An element of the array.
     *
     * @param line where it begins, from 1
     * @param json cut off where it is longer than any row
     * @param isLast whether the array ends behind it
     */
    record Element(long line, byte[] json, boolean isLast) {}

    /** A file that does not end where its array does. */
    static final class BrokenArray extends IOException {

        private static final long serialVersionUID = 1L;

        BrokenArray(String what) {
            super(what);
        }
    }

    /**
     * The next element; an array without any has one that is blank.
     *
     * @throws BrokenArray where the file ends before it
     */
    Element next() throws IOException {
        int next = skipSpace();
        long begin = line;
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        int depth = 0;
        boolean inText = false;
        while (inText || depth > 0 || next != ',' && next != ']') {
            if (next == END) {
                throw new BrokenArray("the array breaks off in the element that begins at line " + begin);
            }
            keep(next, json);
            if (inText && next == '\\') {
                keep(next = read(), json);
            } else if (next == '"') {
                inText = !inText;
            } else if (!inText) {
                depth += next == '{' || next == '[' ? 1 : next == '}' || next == ']' ? -1 : 0;
            }
            next = read();
        }
        return new Element(begin, json.toByteArray(), next == ']');
    }

    /**
     * Reads on to the end of the file.
     *
     * @throws BrokenArray where more than white space comes
     */
    void requireEnd() throws IOException {
        long end = line;
        int next = skipSpace();
        if (next != END) {
            throw new BrokenArray("more follows at line " + line + " on the array that ends at line " + end);
        }
    }

    private void keep(int next, ByteArrayOutputStream json) {
        if (json.size() < longest && next != END) {
            json.write(next);
        }
    }

    private int skipSpace() throws IOException {
        int next = read();
        while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
            next = read();
        }
        return next;
    }

    private int read() throws IOException {
        if (position == length) {
            length = in.read(buffer);
            position = 0;
            if (length <= 0) {
                length = 0;
                return END;
            }
        }
        int next = buffer[position++] & 0xFF;
        if (next == '\n') {
            line++;
        }
        return next;
    }
}
