package ai.rpo.core.preference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds what a row gives its chat template beside the messages, as TRL has it: {@code tools}, a list of JSON schemas or
 * the same as JSON text, and {@code chat_template_kwargs}, such as {@code {"enable_thinking": false}}.
 *
 * @param named variables of the template by name, {@code tools} among them where there are some; made of the same as
 *     {@link Message#fields}
 */
public record TemplateArguments(Map<String, Object> named) {

    public static final TemplateArguments NONE = new TemplateArguments(Map.of());

    static final String TOOLS = "tools";
    static final String KWARGS = "chat_template_kwargs";

    /** They are decided by whoever renders, not by a row. */
    private static final Set<String> NOT_OF_A_ROW = Set.of(
            "messages",
            "conversation",
            "add_generation_prompt",
            "continue_final_message",
            "chat_template",
            "tokenize",
            "padding",
            "truncation",
            "max_length",
            "return_tensors",
            "return_dict",
            "return_assistant_tokens_mask",
            "tokenizer_kwargs");

    private static final ObjectMapper JSON = new ObjectMapper();

    static TemplateArguments of(ObjectNode row) throws UnfitRowException {
        Map<String, Object> named = new LinkedHashMap<>();
        JsonNode tools = given(row, TOOLS);
        if (tools.isArray()) {
            List<Object> schemas = new ArrayList<>();
            for (int i = 0; i < tools.size(); i++) {
                if (!tools.get(i).isObject()) {
                    throw Fields.wrongType(TOOLS + "[" + i + "]", "a JSON schema", tools.get(i));
                }
                schemas.add(Messages.value(TOOLS + "[" + i + "]", tools.get(i)));
            }
            if (!schemas.isEmpty()) {
                named.put(TOOLS, schemas);
            }
        } else if (!tools.isMissingNode()) {
            throw Fields.wrongType(TOOLS, "a list of JSON schemas", tools);
        }
        JsonNode more = given(row, KWARGS);
        if (!more.isMissingNode() && !more.isObject()) {
            throw Fields.wrongType(KWARGS, "an object", more);
        }
        for (Map.Entry<String, JsonNode> entry : more.properties()) {
            if (NOT_OF_A_ROW.contains(entry.getKey())) {
                throw new UnfitRowException(
                        Reason.WRONG_TYPE, KWARGS + "." + entry.getKey() + " cannot be decided by a row; leave it out");
            }
            named.put(entry.getKey(), Messages.value(KWARGS + "." + entry.getKey(), entry.getValue()));
        }
        return named.isEmpty() ? NONE : new TemplateArguments(named);
    }

    /** A field, read where it is JSON text; missing where it says nothing. */
    private static JsonNode given(ObjectNode row, String field) throws UnfitRowException {
        JsonNode value = row.path(field);
        if (value.isTextual()) {
            if (value.textValue().isBlank()) {
                return JSON.missingNode();
            }
            try {
                value = JSON.readTree(value.textValue());
            } catch (JsonProcessingException e) {
                throw new UnfitRowException(Reason.WRONG_TYPE, field + " is text that is not JSON");
            }
        }
        return value.isNull() ? JSON.missingNode() : value;
    }

    /**
     * The row with these arguments.
     *
     * @throws UnfitRowException where it is text, which no template writes
     */
    PreferenceRecord addTo(PreferenceRecord row) throws UnfitRowException {
        if (named.isEmpty()) {
            return row;
        }
        if (row instanceof PreferenceRecord.ConversationPair pair) {
            return new PreferenceRecord.ConversationPair(pair.prompt(), pair.chosen(), pair.rejected(), this);
        }
        if (row instanceof PreferenceRecord.ConversationExample example) {
            return new PreferenceRecord.ConversationExample(example.prompt(), example.completion(), this);
        }
        if (row instanceof PreferenceRecord.UnpairedCompletion unpaired) {
            return new PreferenceRecord.UnpairedCompletion(addTo(unpaired.example()), unpaired.good());
        }
        if (row instanceof PreferenceRecord.RatedCompletions rated
                && rated.prompt() instanceof PromptRecord.ConversationPrompt conversation) {
            return new PreferenceRecord.RatedCompletions(
                    new PromptRecord.ConversationPrompt(conversation.messages(), this), rated.completions());
        }
        if (row instanceof PreferenceRecord.TokenPair || row instanceof PreferenceRecord.TokenExample) {
            return row; // used as they stand, whatever they were made of
        }
        throw new UnfitRowException(
                Reason.UNUSED_FIELD,
                (named.containsKey(TOOLS) ? TOOLS : KWARGS)
                        + " is for a chat template, but the row is text; write the prompt as messages, or name it in"
                        + " rpo.data.fields.ignored");
    }
}
