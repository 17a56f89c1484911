package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Reads a file of JSON objects: one a line, or one array of them; also gzipped. */
public final class JsonRows {

    private static final int GZIP_MAGIC = 0x8b1f;

    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // as Python writes a preference that is missing
            .build()
            .readerFor(JsonNode.class);

    private JsonRows() {}

    /**
     * All objects, in order.
     *
     * @param source what to call the file in messages
     * @throws RpoException where it ends in the middle, or holds anything else
     */
    public static List<ObjectNode> read(String source, byte[] content) {
        List<ObjectNode> rows = new ArrayList<>();
        try (InputStream in = open(content);
                MappingIterator<JsonNode> values = JSON.readValues(in)) {
            while (values.hasNextValue()) {
                if (!(values.nextValue() instanceof ObjectNode row)) {
                    throw unreadable(source, "row " + (rows.size() + 1) + " is no JSON object", null);
                }
                rows.add(row);
            }
        } catch (EOFException e) { // of the compressed stream
            throw cut(source, rows.size(), e);
        } catch (ZipException e) {
            throw unreadable(source, "its compression is broken after row " + rows.size(), e);
        } catch (JsonProcessingException e) {
            if (e instanceof JsonEOFException) {
                throw cut(source, rows.size(), e);
            }
            throw unreadable(source, "row " + (rows.size() + 1) + " is no JSON", e);
        } catch (IOException e) {
            throw unreadable(source, e.getMessage(), e);
        }
        if (rows.isEmpty()) {
            throw unreadable(source, "it has no rows", null);
        }
        return rows;
    }

    private static InputStream open(byte[] content) throws IOException {
        boolean zipped = content.length > 1 && (content[0] & 0xff | (content[1] & 0xff) << 8) == GZIP_MAGIC;
        InputStream bytes = new ByteArrayInputStream(content);
        return zipped ? new GZIPInputStream(bytes) : bytes;
    }

    private static RpoException cut(String source, int whole, Exception cause) {
        return new RpoException(
                RpoException.Kind.DATA,
                "Cannot read " + source + ": it ends in the middle of row " + (whole + 1)
                        + ", so the rest of it is missing. Fetch or write the file again.",
                cause);
    }

    private static RpoException unreadable(String source, String why, Exception cause) {
        return new RpoException(
                RpoException.Kind.DATA,
                "Cannot read " + source + ": " + why + ". Give JSON lines or a JSON array of objects.",
                cause);
    }
}
