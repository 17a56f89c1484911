package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("shared")
class SharedModelsTest {

    @TempDir
    Path temp;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "golden/llama",
                "golden/llama3",
                "golden/llama_linear",
                "golden/llama_yarn",
                "golden/mistral",
                "golden/qwen2",
                "golden/qwen3",
                "golden/gemma",
                "golden/gemma2",
                "golden/phi3",
                "golden/phi3_longrope",
                "golden/gpt2",
                "models/stories260k"
            })
    void anExportHoldsTheSameWeights(String folder) {
        ModelDirectory source = ModelDirectory.open(Path.of(System.getProperty("rpo.shared"), folder));
        assertEquals(List.of(), source.unusedTensors());
        new ModelExport(source, Dtype.F32).write(temp.resolve("export"), source.weights(), Map.of());
        ModelDirectory export = ModelDirectory.open(temp.resolve("export"));
        for (ParameterLayout.Entry entry : ParameterLayout.of(source.config()).entries()) {
            assertArrayEquals(read(source, entry), read(export, entry), entry.name());
        }
    }

    private static float[] read(ModelDirectory model, ParameterLayout.Entry entry) {
        float[] floats = new float[(int) entry.size()];
        model.weights().read(entry, 0, FloatBuffer.wrap(floats));
        return floats;
    }
}
