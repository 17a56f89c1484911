package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The elements of a file that is one JSON array, read one at a time. */
final class ArrayRows implements Iterator<SourceRow>, Closeable {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final DataFile file;
    private final JsonParser parser;
    private SourceRow next;

    ArrayRows(DataFile file, Configuration hadoop) throws IOException {
        this.file = file;
        Path path = new Path(file.path());
        parser = JSON.createParser(Decompression.of(path).open(path, hadoop));
        parser.nextToken();
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
        SourceRow row = next;
        try {
            advance();
        } catch (IOException e) {
            throw Unreadable.file(file.path(), e);
        }
        return row;
    }

    private void advance() throws IOException {
        try {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.END_ARRAY) {
                next = null;
                return;
            }
            long line = parser.currentTokenLocation().getLineNr();
            JsonNode element = parser.readValueAsTree();
            next = new SourceRow(file.index(), 0, line, JSON.writeValueAsBytes(element));
        } catch (JsonProcessingException e) {
            // Unlike a broken line, a broken element leaves no way to find the next one.
            throw new RpoException(
                    Kind.DATA,
                    "Cannot read " + file.path() + ": the array breaks off or is malformed at line "
                            + e.getLocation().getLineNr() + " (" + e.getOriginalMessage()
                            + "). Mend it, or write one object a line.",
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
