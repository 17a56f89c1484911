package ai.rpo.core.text;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

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
        return Tokenizer.open(folder(name));
    }
}
