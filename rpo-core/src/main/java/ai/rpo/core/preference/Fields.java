package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Reads single fields of a row, each with the finding that fits where it cannot. */
final class Fields {

    /** Says how a conversation begins that a table of texts holds, as JSON or as Python writes lists. */
    private static final Pattern TURNS_AS_TEXT =
            Pattern.compile("\\s*\\[?\\s*\\{\\s*[\"'](role|from|content|value|messages)[\"']\\s*:\\s*[\"'\\[]");

    private Fields() {}

    /** Tells whether a row has all of these, none of them null. */
    static boolean areIn(ObjectNode row, List<String> names) {
        return names.stream().allMatch(row::hasNonNull);
    }

    /** A text field. */
    static String text(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = required(row, field);
        if (!value.isTextual()) {
            throw wrongType(field, "text", value);
        }
        if (TURNS_AS_TEXT.matcher(value.textValue()).lookingAt()) {
            throw new UnfitRowException(
                    Reason.WRONG_TYPE,
                    field + " is a conversation written as text; write it as a list of messages, as Python's json.loads"
                            + " or ast.literal_eval makes of it");
        }
        return wholeText(field, value.textValue());
    }

    /**
     * Fields that are text all of them.
     *
     * @throws UnfitRowException where some are and others are messages, or each holds those of many rows
     */
    static void requireTexts(ObjectNode row, List<String> fields) throws UnfitRowException {
        if (fields.stream().map(row::path).allMatch(Fields::isColumn)) {
            throw new UnfitRowException(
                    Reason.WRONG_TYPE,
                    String.join(", ", fields) + " are columns, lists of many rows' texts; write an object a row, as"
                            + " to_json of Python's pandas does with orient='records' and lines=True");
        }
        List<String> texts =
                fields.stream().filter(field -> row.path(field).isTextual()).toList();
        List<String> others = fields.stream()
                .filter(field -> row.path(field).isContainerNode())
                .toList();
        if (!texts.isEmpty() && !others.isEmpty()) {
            throw new UnfitRowException(
                    Reason.WRONG_TYPE,
                    String.join(" and ", texts) + (texts.size() == 1 ? " is text, but " : " are text, but ")
                            + String.join(" and ", others) + (others.size() == 1 ? " is not" : " are not")
                            + "; write all of them as texts, or all as lists of messages");
        }
    }

    private static boolean isColumn(JsonNode value) {
        return value.isArray() && value.path(0).isTextual();
    }

    /** A list of texts. */
    static List<String> texts(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = required(row, field);
        if (!value.isArray()) {
            throw wrongType(field, "a list of texts", value);
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < value.size(); i++) {
            String name = field + "[" + i + "]";
            if (!value.get(i).isTextual()) {
                throw wrongType(name, "text", value.get(i));
            }
            texts.add(wholeText(name, value.get(i).textValue()));
        }
        return texts;
    }

    /** A text, if all its surrogates come in pairs. */
    static String wholeText(String field, String text) throws UnfitRowException {
        int broken = unpairedSurrogate(text);
        if (broken >= 0) {
            throw new UnfitRowException(Reason.BROKEN_TEXT, field + ", character " + broken);
        }
        return text;
    }

    /** A list of token ids, which must not be negative. */
    static int[] tokenIds(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = required(row, field);
        if (!value.isArray()) {
            throw wrongType(field, "a list of token ids", value);
        }
        int[] ids = new int[value.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = value.get(i);
            if (!id.isIntegralNumber()) {
                throw wrongType(field + "[" + i + "]", "a token id", id);
            }
            if (!id.canConvertToInt() || id.intValue() < 0) {
                throw new UnfitRowException(Reason.TOKEN_OUT_OF_RANGE, field + "[" + i + "] is " + id);
            }
            ids[i] = id.intValue();
        }
        return ids;
    }

    /** A finite number. */
    static double logProbability(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = required(row, field);
        if (value.isNumber() && Double.isFinite(value.doubleValue())) {
            return value.doubleValue();
        }
        // Writers that cannot put a NaN into JSON quote it.
        if (value.isNumber() || value.isTextual() && isNonFinite(value.textValue())) {
            throw new UnfitRowException(Reason.NON_FINITE_REFERENCE, field + " is " + value.asText());
        }
        throw wrongType(field, "a number", value);
    }

    private static boolean isNonFinite(String text) {
        return switch (text) {
            case "NaN", "Infinity", "-Infinity" -> true;
            default -> false;
        };
    }

    static JsonNode required(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = row.get(field);
        if (value == null) {
            throw new UnfitRowException(Reason.MISSING_FIELD, field + " is missing");
        }
        if (value.isNull()) {
            throw new UnfitRowException(Reason.MISSING_FIELD, field + " is null");
        }
        return value;
    }

    static UnfitRowException wrongType(String field, String expected, JsonNode value) {
        return new UnfitRowException(
                Reason.WRONG_TYPE, field + " must be " + expected + ", but is " + typeName(value.getNodeType()));
    }

    static String typeName(JsonNodeType type) {
        return switch (type) {
            case ARRAY -> "a list";
            case OBJECT, POJO -> "an object";
            case STRING -> "text";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case NULL -> "null";
            case BINARY, MISSING -> "nothing readable";
        };
    }

    private static int unpairedSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            boolean paired = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (!paired) {
                return i;
            }
            i++;
        }
        return -1;
    }
}
