package ai.rpo.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a run takes, so small that it trains in a second: a model, pairs of token ids, a configuration. */
final class TinyRun {

    static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");

    private TinyRun() {}

    /** Puts a Llama of 13 tokens and a few hundred numbers into a folder, without a tokenizer. */
    static Path model(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), folder.resolve(name));
        }
        return folder;
    }

    /** Lets the model read text: a few words have a token, the others share one. */
    static void words(Path model) throws IOException {
        Files.writeString(model.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 2, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
                   "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "WhitespaceSplit"},
                 "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "<s>": 1, "</s>": 2, "Question:": 3,
                   "Answer:": 4, "What": 5, "is": 6, "the": 7, "of": 8, "How": 9, "many": 10, "a": 11, "has": 12}}}
                """);
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
    }

    /**
     * Writes {@code tiny/}, {@code pairs.jsonl} with so many rows, and {@code my.conf}.
     *
     * @param keys below {@code rpo}, beside those of the model, the rows and the learning rate
     */
    static void inputs(Path folder, int pairs, String keys) throws IOException {
        model(folder.resolve("tiny"));
        Files.writeString(
                folder.resolve("pairs.jsonl"),
                IntStream.range(0, pairs)
                        .mapToObj(i -> i % 13)
                        .map(
                                "{\"prompt_ids\": [1, %1$d], \"chosen_ids\": [4, %1$d], \"rejected_ids\": [5, 2]}\n"
                                        ::formatted)
                        .collect(Collectors.joining()));
        Files.writeString(folder.resolve("my.conf"), """
                rpo {
                  output = %1$s/out
                  model.path = %1$s/tiny
                  data.train = %1$s/pairs.jsonl
                  train { pairs-per-batch = 4, learning-rate = 1e-2 }
                  %2$s
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(folder, keys));
    }
}
