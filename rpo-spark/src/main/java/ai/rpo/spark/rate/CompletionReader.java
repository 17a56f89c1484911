package ai.rpo.spark.rate;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.spark.dataset.ExampleRows;
import ai.rpo.spark.prepare.ExampleSource;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Reads rows of completions: what {@code generate} wrote, or any prompt with a completion.
 *
 * @param tokenizeAgain whether token ids are passed over where there is text
 */
record CompletionReader(ExampleSource examples, boolean tokenizeAgain) implements Serializable {

    /**
     * Rows to be scored, by their place among all rows; what {@code generate} calls them, where it wrote them; and where they
     * stand. A row that is left out has no tokens, and a line of JSON that says why.
     */
    static final StructType SCHEMA = ExampleRows.SCHEMA
            .add("prompt_ordinal", DataTypes.LongType)
            .add("sample", DataTypes.IntegerType)
            .add("file", DataTypes.StringType)
            .add("line", DataTypes.LongType)
            .add("left_out", DataTypes.StringType);

    private static final int[] NONE = {};

    Iterator<Row> read(Iterator<NumberedRow> rows) {
        ExampleSource.Reader reader = examples.reader();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Row next() {
                return read(rows.next(), reader);
            }
        };
    }

    private Row read(NumberedRow row, ExampleSource.Reader reader) {
        try {
            ObjectNode object = RowReader.parse(row.json());
            boolean isGenerated = isWhole(object.path("ordinal")) && isWhole(object.path("sample"));
            TrainingExample example = reader.read(row.ordinal(), asRead(object));
            return RowFactory.create(
                    row.ordinal(),
                    example.prompt(),
                    example.chosen(),
                    isGenerated ? object.get("ordinal").longValue() : null,
                    isGenerated ? object.get("sample").intValue() : null,
                    row.file(),
                    row.line(),
                    null);
        } catch (UnfitRowException e) {
            return RowFactory.create(row.ordinal(), NONE, NONE, null, null, row.file(), row.line(), row.leftOut(e));
        }
    }

    private static boolean isWhole(JsonNode value) {
        return value.canConvertToLong() && value.isIntegralNumber();
    }

    /** Has the answer to a conversation be a message, which {@code generate} writes as text. */
    private byte[] asRead(ObjectNode row) {
        if (tokenizeAgain && row.has("prompt") && row.has("completion")) {
            row.remove("prompt_ids");
            row.remove("completion_ids");
        }
        if (row.path("prompt").isArray() && row.path("completion").isTextual()) {
            String answer = row.get("completion").textValue();
            row.putArray("completion").addObject().put("role", "assistant").put("content", answer);
        }
        return row.toString().getBytes(StandardCharsets.UTF_8);
    }
}
