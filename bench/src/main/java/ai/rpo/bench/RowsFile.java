package ai.rpo.bench;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.loss.TrainingExample;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** Reads tokenised pairs, a JSON object a line: {@code prompt_ids}, {@code chosen_ids} and {@code rejected_ids}. */
final class RowsFile {

    private static final ObjectMapper JSON = new ObjectMapper();

    private RowsFile() {}

    static List<TrainingExample> read(Path file) throws IOException {
        List<TrainingExample> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            JsonNode row = JSON.readTree(line);
            Example example =
                    new Example(ids(row, "prompt_ids"), List.of(ids(row, "chosen_ids"), ids(row, "rejected_ids")));
            rows.add(new TrainingExample(rows.size(), example, -900, -900));
        }
        return rows;
    }

    private static int[] ids(JsonNode row, String name) {
        return StreamSupport.stream(row.required(name).spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
