package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelExportTest {

    @TempDir
    Path temp;

    private ModelDirectory source;

    @BeforeEach
    void writeSource() throws IOException {
        Path folder = TinyModel.folder(temp.resolve("source"), TinyModel.CONFIG, TinyModel.tensors());
        Files.writeString(folder.resolve("tokenizer.json"), "{\"a\": 1}");
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages }}");
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": 5}");
        source = ModelDirectory.open(folder);
    }

    @Test
    void isReadBackTheSame() throws IOException {
        ModelDirectory export = export(Dtype.F32, Long.MAX_VALUE);
        ModelDirectoryTest.assertHoldsTinyWeights(export);
        assertEquals(source.config().hiddenSize(), export.config().hiddenSize());
        assertEquals(List.of(5), export.eosIds());
        assertEquals("{\"a\": 1}", Files.readString(export.tokenizerFile().orElseThrow()));
        assertEquals(
                "{{ messages }}",
                Files.readString(export.file("chat_template.jinja").orElseThrow()));
        assertEquals(
                List.of(
                        "README.md",
                        "chat_template.jinja",
                        "config.json",
                        "generation_config.json",
                        "model.safetensors",
                        "tokenizer.json"),
                names(export.folder()));
    }

    @Test
    void configIsCarriedOverButForTheDtype() throws IOException {
        JsonNode config =
                JsonObject.MAPPER.readTree(export(Dtype.BF16, Long.MAX_VALUE).configJson());
        assertEquals("bfloat16", config.get("torch_dtype").asText());
        assertFalse(config.has("dtype"));
        assertEquals("LlamaForCausalLM", config.get("architectures").get(0).asText());
        assertEquals(1e-5, config.get("rms_norm_eps").doubleValue());
    }

    @Test
    void shardsStayUnderTheLimitAndAreReadBack() throws IOException {
        ModelDirectory export = export(Dtype.F32, 200);
        List<String> names = names(export.folder());
        assertTrue(names.contains("model.safetensors.index.json"));
        assertFalse(names.contains("model.safetensors"));
        assertTrue(names.contains(
                "model-00001-of-%05d.safetensors".formatted(export.weightFiles().size())));
        for (Path file : export.weightFiles()) {
            List<StoredTensor> tensors = SafetensorsHeader.read(file);
            long bytes = tensors.stream().mapToLong(StoredTensor::bytes).sum();
            assertTrue(bytes <= 200, file + " holds " + bytes);
        }
        JsonNode index = JsonObject.MAPPER.readTree(
                export.folder().resolve("model.safetensors.index.json").toFile());
        assertEquals(
                4 * ParameterLayout.of(source.config()).size(),
                index.at("/metadata/total_size").longValue());
        ModelDirectoryTest.assertHoldsTinyWeights(export);
    }

    @Test
    void modelCardTellsTheFactsInOrder() throws IOException {
        String card =
                Files.readString(export(Dtype.F32, Long.MAX_VALUE).folder().resolve("README.md"));
        assertTrue(card.contains("library_name: transformers"), card);
        assertTrue(card.contains("| data | a\\|b.jsonl |\n"), card);
    }

    @Test
    void nothingIsLeftWhereWritingFails() throws IOException {
        Weights broken = (entry, offset, target) -> {
            while (target.hasRemaining()) {
                target.put(entry.name().equals("model.norm.weight") ? Float.NaN : 1);
            }
        };
        RpoException e = assertThrows(RpoException.class, () -> new ModelExport(source, Dtype.F32)
                .write(temp.resolve("out"), broken, Map.of()));
        assertTrue(e.getMessage().contains("model.norm.weight"), e.getMessage());
        assertEquals(List.of("source"), names(temp));
    }

    @Test
    void numbersTooLargeForTheDtypeAreRefused() {
        Weights large = (entry, offset, target) -> {
            while (target.hasRemaining()) {
                target.put(65_520f);
            }
        };
        RpoException e = assertThrows(RpoException.class, () -> new ModelExport(source, Dtype.F16)
                .write(temp.resolve("out"), large, Map.of()));
        assertTrue(e.getMessage().contains("as float16"), e.getMessage());
        assertTrue(e.getMessage().contains("Export as float32"), e.getMessage());
    }

    @Test
    void aFolderInUseIsNotTouched() throws IOException {
        Path used = Files.createDirectory(temp.resolve("used"));
        Files.writeString(used.resolve("notes.txt"), "keep");
        ModelExport export = new ModelExport(source, Dtype.F32);
        assertThrows(RpoException.class, () -> export.write(used, TinyModel.weights(), Map.of()));
        assertEquals(List.of("notes.txt"), names(used));

        Path empty = Files.createDirectory(temp.resolve("empty"));
        export.write(empty, TinyModel.weights(), Map.of());
        ModelDirectoryTest.assertHoldsTinyWeights(ModelDirectory.open(empty));
    }

    private ModelDirectory export(Dtype dtype, long shardBytes) {
        Path target = temp.resolve("export");
        new ModelExport(source, dtype, shardBytes).write(target, TinyModel.weights(), Map.of("data", "a|b.jsonl"));
        return ModelDirectory.open(target);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
