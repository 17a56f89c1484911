package ai.rpo.core.preference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.TreeSet;

/** Turns the bytes of one row, a JSON object in UTF-8, into a record. Safe for use by several threads. */
public final class RowReader {

    /** Longer rows are refused: no context window takes in 32 MiB of text, and a missing newline makes such rows. */
    public static final int LARGEST_ROW_BYTES = 32 << 20;

    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // Python's json module writes a bare NaN; it must be told apart from a broken row.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build()
            .readerFor(JsonNode.class);

    private final Optional<RowFormat> forced;
    private final FieldNames fields;

    /**
     * @param forced the format of every row; recognised row by row where absent
     */
    public RowReader(Optional<RowFormat> forced) {
        this(forced, FieldNames.USUAL);
    }

    /**
     * @param fields what the rows call the formats' fields
     */
    public RowReader(Optional<RowFormat> forced, FieldNames fields) {
        this.forced = forced;
        this.fields = fields;
    }

    /**
     * @throws UnfitRowException where the bytes are no such row
     */
    public PreferenceRecord read(byte[] json) throws UnfitRowException {
        ObjectNode row = fields.rename(parse(json));
        RowFormat format =
                forced.isPresent() ? forced.get() : RowFormats.recognise(row).orElseThrow(() -> unknownFormat(row));
        return format.read(row);
    }

    /**
     * The row as an object, whatever its fields.
     *
     * @throws UnfitRowException where the bytes are no JSON object
     */
    public static ObjectNode parse(byte[] json) throws UnfitRowException {
        if (json.length > LARGEST_ROW_BYTES) {
            throw new UnfitRowException(
                    Reason.ROW_TOO_LARGE, json.length + " bytes, the limit is " + LARGEST_ROW_BYTES);
        }
        String text = decode(json);
        if (text.isBlank()) {
            throw new UnfitRowException(Reason.BLANK);
        }
        JsonNode node;
        try {
            node = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new UnfitRowException(Reason.MALFORMED_JSON, describe(e));
        }
        if (!(node instanceof ObjectNode row)) {
            throw new UnfitRowException(
                    Reason.MALFORMED_JSON, "the row is " + Fields.typeName(node.getNodeType()) + ", not an object");
        }
        return row;
    }

    private static String decode(byte[] bytes) throws UnfitRowException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UnfitRowException(Reason.NOT_UTF8);
        }
    }

    private static String describe(JsonProcessingException e) {
        // The row is one line of its file, so Jackson's column is the place in that line.
        String place =
                e.getLocation() == null ? "" : ", column " + e.getLocation().getColumnNr();
        String what = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
        return what.replaceFirst(" \\(start marker at .*", "") + place;
    }

    private static UnfitRowException unknownFormat(ObjectNode row) {
        TreeSet<String> fields = new TreeSet<>();
        row.fieldNames().forEachRemaining(fields::add);
        String found = fields.isEmpty() ? "it has no fields" : "its fields are " + String.join(", ", fields);
        return new UnfitRowException(
                Reason.UNKNOWN_FORMAT, found + "; known formats: " + String.join(", ", RowFormats.names()));
    }
}
