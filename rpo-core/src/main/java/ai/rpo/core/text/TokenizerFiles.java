package ai.rpo.core.text;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Says what a model has to say about text.
 *
 * @param folder of {@code tokenizer.json}, {@code tokenizer_config.json} and {@code special_tokens_map.json}, on a
 *     local disk; the first may be missing
 * @param templates folder whose chat templates count, usually the same
 * @param eosIds ids that the model's own files say end a completion, as in {@code generation_config.json}
 */
public record TokenizerFiles(Path folder, Path templates, List<Integer> eosIds) {

    static final String TOKENIZER = "tokenizer.json";

    public TokenizerFiles {
        eosIds = List.copyOf(eosIds);
    }

    /** All in one folder. */
    public static TokenizerFiles in(Path folder, List<Integer> eosIds) {
        return new TokenizerFiles(folder, folder, eosIds);
    }

    /** Tells the files from what they are once somebody has edited one: the time and the size of each. */
    public List<String> versions() {
        return Stream.of(folder, templates, templates.resolve(ChatTemplate.MORE))
                .distinct()
                .flatMap(place -> Stream.ofNullable(place.toFile().listFiles(File::isFile)))
                .flatMap(Arrays::stream)
                .sorted()
                .map(file -> file + " " + file.lastModified() + " " + file.length())
                .toList();
    }

    /** Tells where {@code tokenizer.json} is, or would be. */
    public Path tokenizer() {
        return folder.resolve(TOKENIZER);
    }
}
