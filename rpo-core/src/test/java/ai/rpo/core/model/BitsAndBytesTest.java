package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.PackedMatrix;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of bitsandbytes, right and broken; {@code quantized/make_quantized.py} made them. */
class BitsAndBytesTest {

    private static final String QUERY = "model.layers.0.self_attn.q_proj";

    @TempDir
    private Path temp;

    /** What is quantised on reading is what bitsandbytes makes of the same numbers, bit by bit. */
    @Test
    void nf4IsBitsandbytes() throws URISyntaxException {
        Weights ours = folder("families/llama").with(BasePrecision.NF4).weights();
        Weights theirs = folder("quantized/llama_nf4").weights();
        for (ParameterLayout.Entry entry : matrices()) {
            PackedMatrix expected = theirs.packed(entry);
            PackedMatrix found = ours.packed(entry);
            assertArrayEquals(expected.codes(), found.codes(), entry.name());
            assertArrayEquals(expected.scales(), found.scales(), 1e-7f, entry.name());
        }
    }

    /** Bytes of bitsandbytes are of numbers that it has rounded to float16. */
    @Test
    void int8IsBitsandbytesToOne() throws URISyntaxException {
        Weights ours = folder("families/llama").with(BasePrecision.INT8).weights();
        Weights theirs = folder("quantized/llama_int8").weights();
        for (ParameterLayout.Entry entry : matrices()) {
            PackedMatrix expected = theirs.packed(entry);
            PackedMatrix found = ours.packed(entry);
            for (int i = 0; i < expected.codes().length; i++) {
                assertEquals(expected.codes()[i], found.codes()[i], 1, entry.name());
            }
            for (int i = 0; i < expected.scales().length; i++) {
                assertEquals(expected.scales()[i], found.scales()[i], 5e-4 * expected.scales()[i], entry.name());
            }
        }
    }

    private static ParameterLayout.Entry[] matrices() throws URISyntaxException {
        return ParameterLayout.of(folder("families/llama").config()).entries().stream()
                .filter(entry -> entry.name().matches(".*layers.*_proj\\.weight"))
                .toArray(ParameterLayout.Entry[]::new);
    }

    /** 16.25 bits for four and a float32 for 64 numbers: 4.5 of them a number, 0.5625 bytes. */
    @Test
    void fourBitsNeedLessThanSevenTenthsOfAByte() throws URISyntaxException {
        PackedMatrix packed = folder("quantized/glm4_nf4_double")
                .weights()
                .packed(ParameterLayout.of(folder("quantized/glm4_nf4_double").config())
                        .get(QUERY + ".weight"));
        assertEquals(
                0.5625,
                (packed.codes().length + 4.0 * packed.scales().length) / (packed.rows() * (double) packed.columns()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"quant_method\": \"gptq\"}; quant_method is \"gptq\", but only bitsandbytes is supported",
                "{\"quant_method\": \"mxfp4\"}; quant_method is \"mxfp4\", but only bitsandbytes is supported",
                "{\"quant_method\": \"fp8\"}; quant_method is \"fp8\", but only bitsandbytes is supported",
                "{\"quant_method\": \"bitsandbytes\"}; load_in_4bit is not given, and load_in_8bit is the same",
                "{\"load_in_4bit\": true}; bnb_4bit_quant_type is not given, but of four bits only nf4",
                "{\"load_in_4bit\": true, \"bnb_4bit_quant_type\": \"fp4\"}; bnb_4bit_quant_type is \"fp4\"",
                "{\"load_in_4bit\": true, \"bnb_4bit_quant_type\": \"nf4\", \"bnb_4bit_quant_storage\": \"bfloat16\"};"
                        + " bnb_4bit_quant_storage is \"bfloat16\""
            })
    void otherKindsAreRefusedByName(String value, String why) {
        String config = TinyModel.CONFIG.replaceFirst("\\{", "{\"quantization_config\": " + value + ",");
        RpoException e = assertThrows(RpoException.class, () -> ModelConfigParser.parse(config, "some/config.json"));
        assertTrue(
                e.getMessage().startsWith("Cannot use some/config.json: quantization_config." + why), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {".weight.absmax", ".weight.quant_map", ".weight.quant_state.bitsandbytes__nf4"})
    void whatIsMissingIsNamed(String part) throws IOException, URISyntaxException {
        RpoException e =
                refused("llama_nf4", "\"" + QUERY + part + "\"", "\"" + "x".repeat((QUERY + part).length()) + "\"");
        assertTrue(e.getMessage().contains(QUERY + part + " is missing"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {".weight.nested_absmax", ".weight.nested_quant_map"})
    void theSecondQuantisationIsNeededToo(String part) throws IOException, URISyntaxException {
        RpoException e = refused(
                "glm4_nf4_double", "\"" + QUERY + part + "\"", "\"" + "x".repeat((QUERY + part).length()) + "\"");
        assertTrue(e.getMessage().contains(QUERY + part + " is missing"), e.getMessage());
    }

    @Test
    void scalesOfRowsAreNeeded() throws IOException, URISyntaxException {
        RpoException e = refused("llama_int8", "\"" + QUERY + ".SCB\"", "\"" + QUERY + ".ABC\"");
        assertTrue(e.getMessage().contains(QUERY + ".SCB is missing"), e.getMessage());
    }

    @Test
    void otherLevelsAndKindsInTheFileAreRefused() throws IOException, URISyntaxException {
        RpoException kind = refused("llama_nf4", "\"quant_type\": \"nf4\"", "\"quant_type\": \"fp4\"");
        assertTrue(kind.getMessage().contains("quant_type is \"fp4\""), kind.getMessage());
        RpoException size = refused("llama_nf4", "\"blocksize\": 64", "\"blocksize\": 32");
        assertTrue(size.getMessage().contains("should have 3 numbers"), size.getMessage());
    }

    /** Every place where a text stands in the file holds another of the same length. */
    private RpoException refused(String name, String text, String other) throws IOException, URISyntaxException {
        Path source = folder("quantized/" + name).folder();
        Files.copy(source.resolve("config.json"), temp.resolve("config.json"));
        byte[] bytes = Files.readAllBytes(source.resolve("model.safetensors"));
        String latin = new String(bytes, StandardCharsets.ISO_8859_1);
        assertTrue(latin.contains(text), "nothing to break");
        byte[] broken = latin.replace(text, other).getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(bytes.length, broken.length);
        assertTrue(!Arrays.equals(bytes, broken));
        Files.write(temp.resolve("model.safetensors"), broken);
        RpoException e = assertThrows(RpoException.class, () -> ModelDirectory.open(temp));
        Files.delete(temp.resolve("config.json"));
        return e;
    }

    private static ModelDirectory folder(String name) throws URISyntaxException {
        return ModelDirectory.open(
                Path.of(BitsAndBytesTest.class.getResource("/" + name).toURI()));
    }
}
