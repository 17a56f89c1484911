package ai.rpo.core.benchmark;

import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** A row of a task's file, read field by field. */
record TaskRow(JsonNode json, String path) {

    static TaskRow of(ObjectNode row) {
        return new TaskRow(row, "");
    }

    boolean has(String field) {
        return json.hasNonNull(field);
    }

    /** An object in a field. */
    TaskRow object(String field) throws UnfitRowException {
        JsonNode value = required(field);
        if (!value.isObject()) {
            throw wrong(field, "an object");
        }
        return new TaskRow(value, path + field + ".");
    }

    String text(String field) throws UnfitRowException {
        JsonNode value = required(field);
        if (!value.isTextual()) {
            throw wrong(field, "text");
        }
        return value.textValue();
    }

    int number(String field) throws UnfitRowException {
        JsonNode value = required(field);
        if (value.canConvertToInt() && value.isIntegralNumber()) {
            return value.intValue();
        }
        if (value.isTextual() && value.textValue().matches("\\d{1,9}")) { // as Hugging Face's files have them
            return Integer.parseInt(value.textValue());
        }
        throw wrong(field, "a whole number");
    }

    /** True or false, also as 1 and 0. */
    boolean flag(String field) throws UnfitRowException {
        return required(field).isBoolean() ? json.get(field).booleanValue() : number(field) != 0;
    }

    List<String> texts(String field) throws UnfitRowException {
        List<String> texts = new ArrayList<>();
        for (JsonNode item : list(field)) {
            if (!item.isTextual()) {
                throw wrong(field, "a list of texts");
            }
            texts.add(item.textValue());
        }
        return texts;
    }

    /** Objects in a list. */
    List<TaskRow> objects(String field) throws UnfitRowException {
        List<TaskRow> objects = new ArrayList<>();
        for (JsonNode item : list(field)) {
            if (!item.isObject()) {
                throw wrong(field, "a list of objects");
            }
            objects.add(new TaskRow(item, path + field + "."));
        }
        return objects;
    }

    boolean isList(String field) {
        return json.path(field).isArray();
    }

    private JsonNode list(String field) throws UnfitRowException {
        JsonNode value = required(field);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(field, "a list that is not empty");
        }
        return value;
    }

    private JsonNode required(String field) throws UnfitRowException {
        if (!has(field)) {
            throw new UnfitRowException(Reason.MISSING_FIELD, path + field + " is missing");
        }
        return json.get(field);
    }

    UnfitRowException wrong(String field, String expected) {
        String given = json.path(field).toString();
        return new UnfitRowException(
                Reason.WRONG_TYPE,
                path + field + " must be " + expected + ", but is "
                        + (given.length() > 60 ? given.substring(0, 60) + "…" : given));
    }
}
