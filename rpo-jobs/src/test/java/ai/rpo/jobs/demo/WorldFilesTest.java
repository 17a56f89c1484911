package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.text.Tokenizer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorldFilesTest {

    @TempDir
    Path folder;

    @Test
    void baseModelIsAWholeHuggingFaceFolder() throws IOException {
        BaseModel.unpack(folder.resolve("base"));
        ModelDirectory model = ModelDirectory.open(folder.resolve("base"));
        assertEquals(334_368, ParameterLayout.of(model.config()).size());
        assertEquals(java.util.List.of(2), model.eosIds());
    }

    /** BOS, a letter a token from id 4 on, = is 3. */
    @Test
    void tokenizerGivesEachLetterATokenOfItsOwn() throws IOException {
        BaseModel.unpack(folder.resolve("base"));
        try (Tokenizer tokenizer = Tokenizer.open(folder.resolve("base"))) {
            assertArrayEquals(new int[] {1, 4, 5, 19, 4, 4, 14, 3}, tokenizer.encodePrompt("abpaak="));
            assertArrayEquals(IntStream.range(4, 20).toArray(), tokenizer.encode(LetterWorld.LETTERS));
            assertEquals("abpaak", tokenizer.decode(new int[] {4, 5, 19, 4, 4, 14}, false));
            assertEquals(2, tokenizer.eosId().orElseThrow());
        }
    }

    @Test
    void untrainedModelIsTheSameFromTheSameSeed() throws IOException {
        BaseModel.unpack(folder.resolve("base"));
        for (String name : new String[] {"one", "two"}) {
            WorldFiles.writeUntrainedModel(folder.resolve(name), folder.resolve("base"), 5);
        }
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("one/model.safetensors")),
                Files.readAllBytes(folder.resolve("two/model.safetensors")));
        ModelDirectory model = ModelDirectory.open(folder.resolve("one"));
        float[] matrix = read(model, "model.layers.1.mlp.up_proj.weight");
        double squares = 0;
        for (float value : matrix) {
            squares += value * value;
        }
        assertEquals(0.02, Math.sqrt(squares / matrix.length), 5e-4);
        assertEquals(1, read(model, "model.norm.weight")[95]);
    }

    @Test
    void examplesAreRowsOfPromptAndCompletion() throws IOException {
        Path file = folder.resolve("answers.jsonl");
        WorldFiles.writeExamples(file, 100, 3);
        assertEquals(100, Files.readAllLines(file).size());
        for (String line : Files.readAllLines(file)) {
            assertTrue(line.matches("\\{\"prompt\":\"[a-p]{6}=\",\"completion\":\"[a-p]{3,9}\"}"), line);
        }
    }

    private static float[] read(ModelDirectory model, String name) {
        ParameterLayout.Entry entry = ParameterLayout.of(model.config()).get(name);
        float[] values = new float[(int) entry.size()];
        model.weights().read(entry, 0, FloatBuffer.wrap(values));
        return values;
    }
}
