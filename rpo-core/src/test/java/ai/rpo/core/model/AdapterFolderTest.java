package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an adapter's folder holds or lacks beside the adapter. */
class AdapterFolderTest {

    private static final String CONFIG = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"target_modules\":"
            + " [\"q_proj\"], \"base_model_name_or_path\": \"../base\"}";
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String IN_PEFT = "base_model.model.";

    @TempDir
    private Path work;

    private Path base;
    private Path adapter;
    private final Map<String, TinyModel.Raw> updates = new LinkedHashMap<>();

    @BeforeEach
    void write() throws IOException {
        base = TinyModel.folder(work.resolve("base"), TinyModel.CONFIG, TinyModel.tensors());
        adapter = Files.createDirectories(work.resolve("adapter"));
        Files.writeString(adapter.resolve("adapter_config.json"), CONFIG);
        Lora lora = AdapterConfig.parse(CONFIG, TinyModel.config());
        for (ParameterLayout.Entry entry :
                ParameterLayout.of(TinyModel.config(), lora).entries()) {
            updates.put(entry.name(), new TinyModel.Raw(entry.shape(), TinyModel.floats(entry)));
        }
    }

    @Test
    void whatItLacksIsItsModels() throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "LICENSE")) {
            Files.writeString(base.resolve(name), "{}");
        }
        Files.writeString(base.resolve("generation_config.json"), "{\"eos_token_id\": [5, 6]}");
        ModelDirectory model = open();
        assertEquals(
                Optional.of(base.resolve("tokenizer.json")),
                model.tokenizerFile().map(Path::normalize));
        assertEquals(base, model.sideFiles().template().normalize());
        assertEquals(List.of(5, 6), model.eosIds());

        Files.writeString(adapter.resolve("generation_config.json"), "{\"eos_token_id\": 4}");
        assertEquals(List.of(4), open().eosIds());
    }

    @Test
    void aTokenizerComesWholeFromOneFolder() throws IOException {
        Files.writeString(base.resolve("tokenizer.json"), "{}");
        Files.writeString(base.resolve("special_tokens_map.json"), "{\"eos_token\": \"of the model\"}");
        Files.writeString(base.resolve("tokenizer_config.json"), "{\"chat_template\": \"of the model\"}");
        Files.writeString(adapter.resolve("tokenizer.json"), "{}");
        ModelDirectory model = open();
        assertEquals(adapter, model.sideFiles().tokenizer());
        assertEquals(Optional.empty(), model.file("special_tokens_map.json"));
        assertEquals(base, model.sideFiles().template().normalize());

        Files.writeString(adapter.resolve("tokenizer_config.json"), "{\"chat_template\": \"its own\"}");
        assertEquals(adapter, model.sideFiles().template());
    }

    @Test
    void aTemplateOfItsOwnGoesWithTheModelsTokenizer() throws IOException {
        Files.writeString(base.resolve("tokenizer.json"), "{}");
        Files.writeString(base.resolve("chat_template.jinja"), "of the model");
        Files.writeString(adapter.resolve("chat_template.jinja"), "its own");
        ModelDirectory model = open();
        assertEquals(base, model.sideFiles().tokenizer().normalize());
        assertEquals(adapter, model.sideFiles().template());
    }

    @Test
    void anExportKeepsTheTemplateThatWasInEffect() throws IOException {
        Files.writeString(base.resolve("tokenizer_config.json"), "{\"chat_template\": \"of the model\"}");
        Files.writeString(adapter.resolve("tokenizer.json"), "{}");
        Path exported = work.resolve("exported");
        ModelDirectory model = open();
        new ModelExport(model, Dtype.F32).write(exported, model.weights(), Map.of());
        assertEquals("of the model", Files.readString(exported.resolve("chat_template.jinja")));
        assertFalse(Files.exists(exported.resolve("tokenizer_config.json")));
    }

    /** As PEFT's save_embedding_layers leaves them; TinyModel's head is its embedding. */
    @Test
    void copiesOfTheModelsWeightsAreTakenWhereTheyAreEqual() throws IOException {
        TinyModel.Raw embedding = TinyModel.tensors().get(EMBEDDING);
        updates.put(IN_PEFT + EMBEDDING, embedding);
        updates.put(IN_PEFT + "lm_head.weight", embedding);
        assertEquals(2, open().adapter().orElseThrow().lora().rank());

        embedding.floats()[3] += 1e-3f;
        assertRefused("embed_tokens.weight [7, 4], which differs from the model's", "Merge the adapter");
        updates.put(IN_PEFT + EMBEDDING, new TinyModel.Raw(List.of(8, 4), new float[32]));
        assertRefused("embed_tokens.weight [8, 4], which differs", "Merge the adapter");
    }

    @Test
    void anAdapterBesideAModelIsTold() throws IOException {
        assertEquals(List.of(), open().remarks());
        Files.copy(adapter.resolve("adapter_config.json"), base.resolve("adapter_config.json"));
        String remark = ModelDirectory.open(base).remarks().get(0);
        assertTrue(remark.contains("the model is used, without the adapter"), remark);
        Files.writeString(adapter.resolve("adapter_config.json"), CONFIG.replace("{", "{\"use_tomorrow\": 1, "));
        List<String> remarks = open().remarks();
        assertTrue(remarks.get(0).contains("holds a model and an adapter"), remarks.toString());
        assertTrue(remarks.get(1).endsWith("use_tomorrow."), remarks.toString());
    }

    private ModelDirectory open() throws IOException {
        Files.write(adapter.resolve("adapter_model.safetensors"), TinyModel.safetensors(updates));
        return ModelDirectory.open(adapter);
    }

    private void assertRefused(String... parts) {
        RpoException refused = assertThrows(RpoException.class, this::open);
        for (String part : parts) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }
}
