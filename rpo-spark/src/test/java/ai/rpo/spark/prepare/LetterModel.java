package ai.rpo.spark.prepare;

import ai.rpo.core.text.TokenizerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A tokenizer that any test can follow by hand: BOS is 1, EOS is 2, and each of a…z is one token from 3 on. */
public final class LetterModel {

    static final int CONTEXT = 16;
    static final int VOCABULARY = 29;

    private LetterModel() {}

    public static TargetModel write(Path folder) {
        String letters = IntStream.range(0, 26)
                .mapToObj(i -> "\"" + (char) ('a' + i) + "\": " + (3 + i))
                .collect(Collectors.joining(", "));
        String tokenizer = """
                {"version": "1.0",
                 "added_tokens": [
                  {"id": 1, "content": "<s>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false},
                  {"id": 2, "content": "</s>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\\\s\\\\S]"}, "behavior": "Isolated", "invert": false},
                 "post_processor": {"type": "TemplateProcessing",
                  "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                  "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                  "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
                 "model": {"type": "WordLevel", "vocab": {"?": 0, "<s>": 1, "</s>": 2, LETTERS}, "unk_token": "?"}}
                """.replace("LETTERS", letters);
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("tokenizer.json"), tokenizer);
            Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return at(folder);
    }

    /** The model in a folder, whether or not it has a tokenizer. */
    static TargetModel at(Path folder) {
        String path = folder.toString();
        return new TargetModel(() -> TokenizerFiles.in(Path.of(path), List.of()), CONTEXT, VOCABULARY);
    }
}
