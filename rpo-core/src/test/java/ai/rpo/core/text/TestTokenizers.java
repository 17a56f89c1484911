package ai.rpo.core.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;

/** The tiny tokenizers that {@code make_tokenizers.py} made. */
final class TestTokenizers {

    private TestTokenizers() {}

    static Path folder(String name) {
        try {
            return Path.of(Objects.requireNonNull(TestTokenizers.class.getResource(name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Tokenizer open(String name) {
        return Tokenizer.open(TokenizerFiles.in(folder(name), eosIds(name)), TemplateChoice.USUAL);
    }

    /** Those of {@code generation_config.json}. */
    static List<Integer> eosIds(String name) {
        Path file = folder(name).resolve("generation_config.json");
        try {
            JsonNode ids = Files.exists(file)
                    ? new ObjectMapper().readTree(file.toFile()).path("eos_token_id")
                    : MissingNode.getInstance();
            return StreamSupport.stream(ids.spliterator(), false)
                    .map(JsonNode::asInt)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
