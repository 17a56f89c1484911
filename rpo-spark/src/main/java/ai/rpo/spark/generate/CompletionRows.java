package ai.rpo.spark.generate;

import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.FinishReason;
import ai.rpo.core.preference.PromptReader;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of completions: {@code ordinal} of the prompt's row, {@code sample} from 0, the {@code prompt} as it was given,
 * {@code completion} as text, both as ids, {@code finish_reason} and the {@code seed} of the random stream. A
 * conversation of several turns is a row of MT-Bench's model answers: {@code question_id} and {@code category} of its
 * own row, {@code turns} of the user, {@code choices[0].turns} of the model, {@code finish_reasons} of these, and how
 * many {@code new_tokens} they have.
 */
final class CompletionRows {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final DataType IDS = DataTypes.createArrayType(DataTypes.IntegerType, false);

    /** Has prompts as text: in Parquet a prompt that is a list of messages is its JSON. */
    static final StructType SCHEMA = new StructType()
            .add("ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("prompt", DataTypes.StringType)
            .add("completion", DataTypes.StringType)
            .add("finish_reason", DataTypes.StringType)
            .add("prompt_ids", IDS)
            .add("completion_ids", IDS)
            .add("seed", DataTypes.LongType);

    private static final DataType TEXTS = DataTypes.createArrayType(DataTypes.StringType, false);

    /** Further columns where there are conversations of several turns. */
    static final StructType WITH_DIALOGUES = SCHEMA.add("question_id", DataTypes.StringType)
            .add("category", DataTypes.StringType)
            .add("turns", TEXTS)
            .add(
                    "choices",
                    DataTypes.createArrayType(
                            new StructType().add("index", DataTypes.IntegerType).add("turns", TEXTS)))
            .add("finish_reasons", TEXTS)
            .add("new_tokens", DataTypes.LongType);

    private CompletionRows() {}

    /**
     * @param text null where the model has no tokenizer
     */
    static String line(
            long ordinal, int sample, long seed, JsonNode given, String text, int[] prompt, Completion completion) {
        ObjectNode row = JSON.createObjectNode();
        row.put("ordinal", ordinal);
        row.put("sample", sample);
        if (!given.isArray() || !given.path(0).isNumber()) {
            row.set("prompt", given);
        }
        if (text != null) {
            row.put("completion", text);
        }
        row.put("finish_reason", completion.reason().key());
        row.set("prompt_ids", ids(prompt));
        row.set("completion_ids", ids(completion.ids()));
        row.put("seed", seed);
        return row.toString();
    }

    static String dialogue(
            long ordinal,
            int sample,
            PromptReader.Row asked,
            List<String> answers,
            List<FinishReason> reasons,
            long tokens) {
        ObjectNode row = JSON.createObjectNode();
        row.put("ordinal", ordinal);
        row.put("sample", sample);
        if (!asked.id().isMissingNode()) {
            row.set("question_id", asked.id());
        }
        if (!asked.category().isEmpty()) {
            row.put("category", asked.category());
        }
        row.set("turns", asked.given());
        row.putArray("choices").addObject().put("index", 0).set("turns", JSON.valueToTree(answers));
        row.set(
                "finish_reasons",
                JSON.valueToTree(reasons.stream().map(FinishReason::key).toList()));
        row.put("new_tokens", tokens);
        return row.toString();
    }

    private static ArrayNode ids(int[] ids) {
        ArrayNode list = JSON.createArrayNode();
        for (int id : ids) {
            list.add(id);
        }
        return list;
    }
}
