package ai.rpo.core.preference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
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

    /** The field of a pair's margin. */
    public static final String MARGIN = "margin";

    private static final int LONGEST_NUMBER = 4300;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    // The longest row bounds its texts; Python reads no longer integers either.
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(LARGEST_ROW_BYTES)
                            .maxNumberLength(LONGEST_NUMBER)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // Python's json module writes a bare NaN; it must be told apart from a broken row.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

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
        ObjectNode row = object(json);
        RowFormat format =
                forced.isPresent() ? forced.get() : RowFormats.recognise(row).orElseThrow(() -> unrecognised(row));
        return read(row, format);
    }

    /**
     * Reads by how much a pair's row says that the chosen completion is better: its number {@value #MARGIN}, as its
     * author calls it.
     *
     * @throws UnfitRowException where it says nothing of the kind
     */
    public double margin(byte[] json) throws UnfitRowException {
        JsonNode margin = object(json).path(MARGIN);
        if (!margin.isNumber() || !Double.isFinite(margin.doubleValue())) {
            throw new UnfitRowException(Reason.MISSING_FIELD, fields.theirs(MARGIN) + " is no number");
        }
        return margin.doubleValue();
    }

    /** The row with the formats' names. */
    ObjectNode object(byte[] json) throws UnfitRowException {
        return fields.rename(parse(json));
    }

    /** The format that a row is read in, where it has one. */
    Optional<RowFormat> format(ObjectNode row) {
        return forced.filter(format -> format.recognises(row)).or(() -> RowFormats.recognise(row));
    }

    static PreferenceRecord read(ObjectNode row, RowFormat format) throws UnfitRowException {
        return whole(row, format.read(row));
    }

    /**
     * A record with what its row gives the chat template.
     *
     * @throws UnfitRowException where something that the row says would be lost
     */
    static PreferenceRecord whole(ObjectNode row, PreferenceRecord read) throws UnfitRowException {
        UnusedFields.requireNone(row, read);
        return TemplateArguments.of(row).addTo(read);
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
        } catch (StreamConstraintsException e) {
            throw new UnfitRowException(Reason.BEYOND_LIMIT, describe(e));
        } catch (JsonProcessingException e) {
            throw new UnfitRowException(Reason.MALFORMED_JSON, describe(e));
        }
        if (!(node instanceof ObjectNode row)) {
            throw new UnfitRowException(
                    Reason.MALFORMED_JSON, "the row is " + Fields.typeName(node.getNodeType()) + ", not an object");
        }
        for (JsonNode value : row) {
            removeNulls(value);
        }
        return row;
    }

    /** Tables give every object the fields of all; what one has not is null in it, and means nothing. */
    private static void removeNulls(JsonNode value) {
        if (value instanceof ObjectNode object) {
            object.properties().removeIf(entry -> entry.getValue().isNull());
        }
        value.forEach(RowReader::removeNulls);
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

    UnfitRowException unrecognised(ObjectNode row) {
        Optional<String> absent = RowFormats.nullField(row);
        if (absent.isPresent()) {
            return new UnfitRowException(Reason.MISSING_FIELD, fields.theirs(absent.get()) + " is missing or null");
        }
        TreeSet<String> names = new TreeSet<>();
        row.fieldNames().forEachRemaining(names::add);
        String found = names.isEmpty() ? "it has no fields" : "its fields are " + String.join(", ", names);
        String hint = LayoutHints.of(row).orElseGet(() -> "known formats: " + String.join(", ", RowFormats.names()));
        return new UnfitRowException(Reason.UNKNOWN_FORMAT, found + "; " + hint);
    }

    /** Gives what else than a supervised row may have been meant by one; empty where nothing suggests itself. */
    public Optional<String> hint(byte[] json) {
        try {
            return LayoutHints.ofSupervised(object(json));
        } catch (UnfitRowException e) {
            return Optional.empty();
        }
    }
}
