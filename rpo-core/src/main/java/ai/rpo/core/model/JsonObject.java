package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A JSON object read key by key; whatever does not fit is refused with the file, the key and the value.
 *
 * <p>A key that holds {@code null} counts as absent, as it does in transformers.
 */
final class JsonObject {

    /** Far above any real configuration; a file beyond it is not one. */
    private static final long MAX_BYTES = 64L << 20;

    static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final String file;
    private final String prefix;
    private final ObjectNode node;

    private JsonObject(String file, String prefix, ObjectNode node) {
        this.file = file;
        this.prefix = prefix;
        this.node = node;
    }

    static JsonObject read(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw RpoException.configuration("Cannot read " + file + ": it has " + size
                        + " bytes, too many for a configuration. Check that it is the right file.");
            }
            return parse(Files.readString(file), file.toString());
        } catch (NoSuchFileException e) {
            throw RpoException.configuration(
                    "Cannot read " + file + ": there is no such file. A model folder needs one beside its weights.");
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot read " + file + ": " + ReadFailure.reason(e) + ". Check the file and its permissions.",
                    e);
        }
    }

    /** @param file named in errors */
    static JsonObject parse(String json, String file) {
        try {
            if (MAPPER.readTree(json) instanceof ObjectNode object) {
                return new JsonObject(file, "", object);
            }
            throw RpoException.configuration(
                    "Cannot read " + file + ": it does not hold a JSON object. Restore the file.");
        } catch (JsonProcessingException e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot read " + file + ": it is not valid JSON (" + e.getOriginalMessage() + ", line "
                            + e.getLocation().getLineNr() + "). Restore the file.",
                    e);
        }
    }

    /** The file's content, to be changed and written elsewhere. */
    ObjectNode copy() {
        return node.deepCopy();
    }

    boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** Tells whether the key is there and holds {@code null}, which for some keys means other than their default. */
    boolean isNull(String key) {
        return node.has(key) && node.get(key).isNull();
    }

    List<String> keys() {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    int positiveInt(String key, int otherwise) {
        return has(key) ? positiveInt(key) : otherwise;
    }

    int positiveInt(String key) {
        JsonNode value = required(key);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
            throw refuse(key, "but must be a whole number from 1 to " + Integer.MAX_VALUE);
        }
        return value.intValue();
    }

    int natural(String key, int otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        JsonNode value = node.get(key);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
            throw refuse(key, "but must be a whole number from 0 to " + Integer.MAX_VALUE);
        }
        return value.intValue();
    }

    double positive(String key, double otherwise) {
        return has(key) ? positive(key) : otherwise;
    }

    double positive(String key) {
        double value = required(key).doubleValue();
        if (!required(key).isNumber() || !(value > 0) || Double.isInfinite(value)) {
            throw refuse(key, "but must be a number above 0");
        }
        return value;
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!node.get(key).isBoolean()) {
            throw refuse(key, "but must be true or false");
        }
        return node.get(key).booleanValue();
    }

    String text(String key, String otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!node.get(key).isTextual()) {
            throw refuse(key, "but must be a string");
        }
        return node.get(key).textValue();
    }

    boolean isObject(String key) {
        return has(key) && node.get(key).isObject();
    }

    boolean isText(String key) {
        return has(key) && node.get(key).isTextual();
    }

    /** Tells whether there is nothing to be minded: no such key, null, false, or a container with nothing in it. */
    boolean isEmpty(String key) {
        JsonNode value = node.path(key);
        return value.isMissingNode()
                || value.isNull()
                || value.isBoolean() && !value.booleanValue()
                || value.isContainerNode() && value.isEmpty();
    }

    double number(String key) {
        if (!required(key).isNumber()) {
            throw refuse(key, "but must be a number");
        }
        return node.get(key).doubleValue();
    }

    /** @throws RpoException unless it is a list of strings with something in it */
    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : required(key)) {
            if (!text.isTextual() || text.textValue().isBlank()) {
                throw refuse(key, "but must be a list of strings");
            }
            texts.add(text.textValue());
        }
        if (texts.isEmpty()) {
            throw refuse(key, "but must be a list of strings");
        }
        return texts;
    }

    /** One id, or a list of them. */
    List<Integer> ids(String key, List<Integer> otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        JsonNode value = node.get(key);
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : value.isArray() ? value : MAPPER.createArrayNode().add(value)) {
            if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
                throw refuse(key, "but must be a token id or a list of them");
            }
            ids.add(id.intValue());
        }
        return ids;
    }

    /** @throws RpoException unless there are {@code length} numbers above 0 */
    double[] positives(String key, int length) {
        JsonNode value = required(key);
        double[] numbers = new double[length];
        boolean right = value.isArray() && value.size() == length;
        for (int i = 0; right && i < length; i++) {
            numbers[i] = value.get(i).doubleValue();
            right = value.get(i).isNumber() && numbers[i] > 0 && !Double.isInfinite(numbers[i]);
        }
        if (!right) {
            throw refuse(key, "but must be a list of " + length + " numbers above 0");
        }
        return numbers;
    }

    /** @throws RpoException unless there are {@code length} strings, each one of {@code allowed} */
    List<String> texts(String key, int length, List<String> allowed) {
        List<String> texts = new ArrayList<>();
        required(key).forEach(text -> texts.add(text.textValue()));
        if (texts.size() != length || !allowed.containsAll(texts)) {
            throw refuse(key, "but must be a list of " + length + ", each one of " + allowed);
        }
        return texts;
    }

    /** @throws RpoException unless there are {@code length} whole numbers of 0 or 1 at least */
    List<Boolean> bits(String key, int length) {
        JsonNode value = required(key);
        List<Boolean> bits = new ArrayList<>();
        for (int i = 0; i < length && i < value.size(); i++) {
            if (value.get(i).isIntegralNumber() || value.get(i).isBoolean()) {
                bits.add(value.get(i).asInt() != 0);
            }
        }
        if (bits.size() < length) {
            throw refuse(key, "but must be a list of at least " + length + ", each 0 or 1");
        }
        return bits;
    }

    Optional<JsonObject> object(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (node.get(key) instanceof ObjectNode child) {
            return Optional.of(new JsonObject(file, prefix + key + ".", child));
        }
        throw refuse(key, "but must be an object");
    }

    /** The key with the names of what it lies in. */
    String fullName(String key) {
        return prefix + key;
    }

    /** @param why continues "key is VALUE, " */
    RpoException refuse(String key, String why) {
        return refuse(key, why, "Correct it there, or use another model");
    }

    /**
     * @param why continues "key is VALUE, "
     * @param action what to do about it
     */
    RpoException refuse(String key, String why, String action) {
        return RpoException.configuration("Cannot use " + file + ": " + prefix + key + " is "
                + (node.path(key).isMissingNode() ? "not given" : shown(key)) + ", " + why + ". " + action + ".");
    }

    private JsonNode required(String key) {
        if (!has(key)) {
            throw RpoException.configuration(
                    "Cannot use " + file + ": " + prefix + key + " is missing. Restore the file.");
        }
        return node.get(key);
    }

    private String shown(String key) {
        String value = node.path(key).toString();
        return value.length() <= 80 ? value : value.substring(0, 80) + "…";
    }
}
