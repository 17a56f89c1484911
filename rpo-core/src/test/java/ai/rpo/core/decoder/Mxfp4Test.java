package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Workspace;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** gpt-oss with experts in MXFP4, against transformers; {@code quantized/make_mxfp4.py} made the model. */
class Mxfp4Test {

    private static final String DOWN = "model.layers.1.mlp.experts.down_proj";

    @TempDir
    private Path temp;

    private Path folder;
    private final PlainBackend backend = new PlainBackend();

    @BeforeEach
    void find() throws URISyntaxException {
        folder = Path.of(getClass().getResource("/quantized/gpt_oss_mxfp4").toURI());
    }

    /** Each is exact, in bfloat16 too; pieces of any size are read. */
    @ParameterizedTest
    @CsvSource({"1", "7", "1000000"})
    void numbersAreThoseOfTransformers(int piece) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("experts.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) file.getLong()];
        file.get(header);
        JsonNode tensors = new ObjectMapper().readTree(header);
        FloatBuffer numbers = file.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        ModelDirectory model = ModelDirectory.open(folder);
        assertEquals(List.of(), model.unusedTensors());
        for (int layer = 0; layer < 2; layer++) {
            for (String projection : List.of("gate_up_proj", "down_proj")) {
                String name = "model.layers." + layer + ".mlp.experts." + projection;
                ParameterLayout.Entry entry = ParameterLayout.of(model.config()).get(name);
                float[] expected = new float[(int) entry.size()];
                numbers.get(tensors.get(name).at("/data_offsets/0").intValue() / Float.BYTES, expected);
                float[] actual = new float[expected.length];
                for (int from = 0; from < actual.length; from += piece) {
                    int count = Math.min(piece, actual.length - from);
                    model.weights().read(entry, from, FloatBuffer.wrap(actual, from, count));
                }
                assertArrayEquals(expected, actual, name);
            }
        }
    }

    @Test
    void logpsAreThoseOfTransformersAndOfWhatIsExported() throws IOException {
        ModelDirectory model = ModelDirectory.open(folder);
        assertLogps(model);
        assertFalse(model.isQuantized(), "all weights can be trained");
        Trainable all = Trainable.of(model, Optional.empty(), 1, "");
        all.export(temp.resolve("out"), model.weights(), ExportForm.full(Dtype.BF16), Map.of());
        assertFalse(Files.readString(temp.resolve("out/config.json")).contains("mxfp4"));
        ModelDirectory exported = ModelDirectory.open(temp.resolve("out"));
        ParameterLayout.Entry down = ParameterLayout.of(model.config()).get(DOWN);
        float[] before = new float[(int) down.size()];
        float[] after = new float[(int) down.size()];
        model.weights().read(down, 0, FloatBuffer.wrap(before));
        exported.weights().read(down, 0, FloatBuffer.wrap(after));
        assertArrayEquals(before, after);
    }

    private void assertLogps(ModelDirectory model) throws IOException {
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
        Parameters weights = SmallModel.zeros(model.config(), backend);
        weights.load(model.weights());
        Decoder decoder = new Decoder(model.config(), backend);
        for (int i = 0; i < expected.get("sequences").size(); i++) {
            int[] ids = StreamSupport.stream(expected.get("sequences").get(i).spliterator(), false)
                    .mapToInt(JsonNode::asInt)
                    .toArray();
            double[] logps = StreamSupport.stream(expected.get("logps").get(i).spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray();
            Example example = new Example(new int[] {ids[0]}, List.of(Arrays.copyOfRange(ids, 1, ids.length)));
            PackedBatch batch = PackedBatch.of(List.of(example));
            assertArrayEquals(logps, decoder.tokenLogps(weights, batch, new Workspace(backend)), 5e-6);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                DOWN + "_scales; " + DOWN + "_skales; _scales is missing",
                "[3,64,1,16]; [3,32,2,16]; down_proj_blocks is U8 [3, 32, 2, 16], and should be U8 [3, 64, 1, 16]",
                DOWN + "_blocks; " + DOWN + "_bloks_; " + DOWN + " is missing",
                "mxfp4; fp4mx; quant_method is \"fp4mx\"",
                "gpt_oss; mixtral; quant_method is \"mxfp4\""
            })
    void whatIsBrokenIsNamed(String text, String other, String why) throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            String latin = Files.readString(folder.resolve(name), StandardCharsets.ISO_8859_1);
            Files.writeString(temp.resolve(name), latin.replace(text, other), StandardCharsets.ISO_8859_1);
        }
        RpoException e = assertThrows(RpoException.class, () -> ModelDirectory.open(temp));
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }

    /** A scale of 255 stands for no number. */
    @Test
    void aScaleThatIsNoNumberIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve("model.safetensors"));
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) file.getLong()];
        file.get(header);
        int at = new ObjectMapper()
                .readTree(header)
                .get(DOWN + "_scales")
                .at("/data_offsets/0")
                .intValue();
        bytes[file.position() + at] = (byte) 255;
        Files.copy(folder.resolve("config.json"), temp.resolve("config.json"));
        Files.write(temp.resolve("model.safetensors"), bytes);
        ModelDirectory model = ModelDirectory.open(temp);
        RpoException e = assertThrows(RpoException.class, () -> model.weights()
                .read(ParameterLayout.of(model.config()).get(DOWN), 0, FloatBuffer.allocate(1)));
        assertTrue(e.getMessage().contains(DOWN + ": a number of expert 0 is not finite"), e.getMessage());
    }
}
