package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.DecoderGoldenTest;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("shared")
class SharedModelsTest {

    @TempDir
    Path temp;

    static Stream<String> folders() {
        return Stream.concat(DecoderGoldenTest.names().map("golden/"::concat), Stream.of("models/stories260k"));
    }

    @ParameterizedTest
    @MethodSource("folders")
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
