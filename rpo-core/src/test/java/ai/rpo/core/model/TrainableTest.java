package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainableTest {

    @TempDir
    Path temp;

    @Test
    void readsWhatItSaved() throws IOException {
        Trainable trainable = trainable();
        trainable.save(temp.resolve("saved"), TinyModel.weights(), Map.of());
        ParameterLayout.Entry last = trainable.layout().entries().get(1);
        float[] read = new float[(int) last.size()];
        trainable.saved(temp.resolve("saved")).read(last, 0, FloatBuffer.wrap(read));
        assertEquals(TinyModel.value(last, read.length - 1), read[read.length - 1]);
    }

    /** Its weights have the same names, and the first of them could be read. */
    @Test
    void refusesALargerModelsNumbers() throws IOException {
        String larger = TinyModel.CONFIG.replace("\"vocab_size\": 7", "\"vocab_size\": 9");
        ModelConfig config = ModelConfigParser.parse(larger, "config.json");
        Path other = temp.resolve("larger");
        Map<String, TinyModel.Raw> tensors = TinyModel.tensors();
        for (ParameterLayout.Entry entry : ParameterLayout.of(config).entries()) {
            tensors.put(entry.name(), new TinyModel.Raw(entry.shape(), TinyModel.floats(entry)));
        }
        Path folder = TinyModel.folder(other, larger, tensors);
        String refusal = assertThrows(RpoException.class, () -> trainable().saved(folder))
                .getMessage();
        assertTrue(refusal.startsWith("Cannot go on from the numbers in " + folder + ": "), refusal);
    }

    private Trainable trainable() throws IOException {
        Path start = temp.resolve("start");
        return Trainable.of(
                ModelDirectory.open(TinyModel.folder(start, TinyModel.CONFIG, TinyModel.tensors())),
                Optional.empty(),
                1,
                "base");
    }
}
