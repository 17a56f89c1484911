package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {

    private static final String Q_PROJ = "model.layers.1.self_attn.q_proj.weight";
    private static final String EMBEDDING = "model.embed_tokens.weight";

    @TempDir
    Path temp;

    private final Map<String, TinyModel.Raw> tensors = TinyModel.tensors();

    @Test
    void readsEveryWeight() throws IOException {
        assertHoldsTinyWeights(open());
    }

    @Test
    void readsAPieceOfAWeight() throws IOException {
        ModelDirectory model = open();
        ParameterLayout.Entry entry = ParameterLayout.of(model.config()).get(Q_PROJ);
        float[] piece = new float[6];
        model.weights().read(entry, 5, FloatBuffer.wrap(piece, 1, 3));
        assertArrayEquals(
                new float[] {0, TinyModel.value(entry, 5), TinyModel.value(entry, 6), TinyModel.value(entry, 7), 0, 0},
                piece);
        assertThrows(IndexOutOfBoundsException.class, () -> model.weights()
                .read(entry, entry.size() - 2, FloatBuffer.allocate(3)));
    }

    @Test
    void readsTheBareModelsNames() throws IOException {
        Map<String, TinyModel.Raw> bare = new LinkedHashMap<>();
        tensors.forEach((name, raw) -> bare.put(name.replaceFirst("^model\\.", ""), raw));
        assertHoldsTinyWeights(ModelDirectory.open(TinyModel.folder(temp, TinyModel.CONFIG, bare)));
    }

    /** As GPT-2 was first published: no prefix, and the causal mask of each block stored with it. */
    @Test
    void readsTheBareModelsNamesInEveryFamily() throws IOException {
        String config = """
                {"model_type": "gpt2", "vocab_size": 7, "n_embd": 4, "n_head": 2, "n_layer": 1, "n_positions": 5}
                """;
        Map<String, TinyModel.Raw> bare = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : ParameterLayout.of(ModelConfigParser.parse(config, "config.json"))
                .entries()) {
            bare.put(
                    entry.name().replaceFirst("^transformer\\.", ""),
                    new TinyModel.Raw(entry.shape(), TinyModel.floats(entry)));
        }
        bare.put("h.0.attn.bias", new TinyModel.Raw(List.of(1, 1, 5, 5), new float[25]));
        ModelDirectory model = ModelDirectory.open(TinyModel.folder(temp, config, bare));
        assertEquals(List.of(), model.unusedTensors());
        assertHoldsTinyWeights(model);
    }

    @Test
    void aTiedMatrixMayBeStoredAsTheHead() throws IOException {
        tensors.put("lm_head.weight", tensors.remove(EMBEDDING));
        assertHoldsTinyWeights(open());
    }

    @Test
    void aTiedHeadMayBeStoredTwiceIfEqual() throws IOException {
        TinyModel.Raw embedding = tensors.get(EMBEDDING);
        tensors.put("lm_head.weight", embedding);
        assertEquals(List.of(), open().unusedTensors());

        float[] other = embedding.floats().clone();
        other[9] += 1;
        tensors.put("lm_head.weight", new TinyModel.Raw(embedding.shape(), other));
        assertRefused("tie_word_embeddings", "lm_head.weight differs");
    }

    /** Numbers that are no different in half as many bits. */
    @Test
    void aTiedHeadMayBeStoredInAnotherDtype() throws IOException {
        float[] floats = tensors.get(EMBEDDING).floats();
        ByteBuffer halves = ByteBuffer.allocate(2 * floats.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : floats) {
            halves.putShort((short) (Float.floatToIntBits(number) >>> 16));
        }
        tensors.put("lm_head.weight", tensors.get(EMBEDDING));
        writeShards(Map.of(), name -> name.equals(EMBEDDING) ? "a.safetensors" : "b.safetensors");
        String header = "{\"" + EMBEDDING + "\":{\"dtype\":\"BF16\",\"shape\":[7,4],\"data_offsets\":[0,"
                + halves.capacity() + "]}}";
        Files.write(temp.resolve("a.safetensors"), TinyModel.safetensors(header, halves.array()));
        ModelDirectory model = ModelDirectory.open(temp);
        assertEquals(List.of(), model.unusedTensors());
        assertHoldsTinyWeights(model);

        halves.putShort(6, (short) 0);
        Files.write(temp.resolve("a.safetensors"), TinyModel.safetensors(header, halves.array()));
        assertContains(assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), "lm_head.weight differs");
    }

    @Test
    void whatIsPassedOverIsTold() throws IOException {
        assertEquals(List.of(), open().remarks());
        tensors.put("score.weight", new TinyModel.Raw(List.of(1), new float[1]));
        String rope = "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2, \"beta_fast\": 3, \"attn_factor\": 1,"
                + " \"mscale\": null}, \"model_type\"";
        TinyModel.folder(temp, TinyModel.CONFIG.replace("\"model_type\"", rope), tensors);
        List<String> remarks = ModelDirectory.open(temp).remarks();
        assertTrue(remarks.get(0).endsWith("passed over: score.weight."), remarks.toString());
        assertTrue(
                remarks.get(1).endsWith("passed over: rope_scaling.beta_fast, rope_scaling.attn_factor."),
                remarks.toString());
        assertEquals(2, remarks.size());
    }

    @Test
    void harmlessTensorsAreSilentOthersReported() throws IOException {
        tensors.put("model.layers.0.self_attn.rotary_emb.inv_freq", new TinyModel.Raw(List.of(1), new float[1]));
        tensors.put("score.weight", new TinyModel.Raw(List.of(1), new float[1]));
        assertEquals(List.of("score.weight"), open().unusedTensors());
    }

    @Test
    void missingWeightIsNamed() throws IOException {
        tensors.remove(Q_PROJ);
        assertRefused(Q_PROJ, "is missing");
    }

    /** As a compiled or a wrapped model's state is saved. */
    @Test
    void namesWithSomethingBeforeThemAreExplained() throws IOException {
        Map<String, TinyModel.Raw> compiled = new LinkedHashMap<>();
        tensors.forEach((name, raw) -> compiled.put("_orig_mod." + name, raw));
        tensors.clear();
        tensors.putAll(compiled);
        assertRefused("is missing (_orig_mod.", "save the model without what it was wrapped in");
    }

    /** What a sharded trainer may leave of a weight that another process held. */
    @Test
    void aWeightWithNothingInItIsNamed() throws IOException {
        tensors.put(EMBEDDING, new TinyModel.Raw(List.of(0), new float[0]));
        assertRefused(EMBEDDING, "has shape [0]");
    }

    @Test
    void wrongShapeIsNamed() throws IOException {
        tensors.put(Q_PROJ, new TinyModel.Raw(List.of(2, 8), new float[16]));
        assertRefused(Q_PROJ, "[2, 8]", "[4, 4]");
    }

    @Test
    void notANumberIsNamedOnRead() throws IOException {
        tensors.get(Q_PROJ).floats()[5] = Float.NaN;
        ModelDirectory model = open();
        ParameterLayout.Entry entry = ParameterLayout.of(model.config()).get(Q_PROJ);
        RpoException e = assertThrows(
                RpoException.class, () -> model.weights().read(entry, 0, FloatBuffer.allocate((int) entry.size())));
        assertContains(e, Q_PROJ, "NaN", "element 5");
    }

    @Test
    void aFileThatShrinksWhileInUseIsNamed() throws IOException {
        ModelDirectory model = open();
        Path file = temp.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 8));
        ParameterLayout.Entry last = ParameterLayout.of(model.config()).get("model.norm.weight");
        RpoException e = assertThrows(
                RpoException.class, () -> model.weights().read(last, 0, FloatBuffer.allocate((int) last.size())));
        assertEquals(RpoException.Kind.RETRYABLE, e.kind());
        assertTrue(e.getMessage().contains("model.norm.weight"), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    @Test
    void absurdNumberOfLayersIsRefusedBeforeALayoutIsMade() throws IOException {
        Map<String, String> named =
                Map.of("2000000000", "num_hidden_layers is 2000000000", "9999", "num_hidden_layers = 9999");
        for (Map.Entry<String, String> layers : named.entrySet()) {
            String config =
                    TinyModel.CONFIG.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": " + layers.getKey());
            TinyModel.folder(temp, config, tensors);
            assertContains(assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), layers.getValue());
        }
    }

    @Test
    void eosIdsComeFromTheGenerationConfigFirst() throws IOException {
        assertEquals(List.of(2), open().eosIds());
        Files.writeString(temp.resolve("generation_config.json"), "{\"eos_token_id\": [5, 2]}");
        assertEquals(List.of(5, 2), ModelDirectory.open(temp).eosIds());
        Files.writeString(temp.resolve("generation_config.json"), "{}");
        assertEquals(List.of(2), ModelDirectory.open(temp).eosIds());
    }

    @Test
    void missingPartsAreNamed() throws IOException {
        assertContains(
                assertThrows(RpoException.class, () -> ModelDirectory.open(temp.resolve("nowhere"))), "not a folder");
        assertContains(
                assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), "config.json", "no such file");
        Files.writeString(temp.resolve("config.json"), TinyModel.CONFIG);
        Files.writeString(temp.resolve("pytorch_model.bin"), "");
        assertContains(
                assertThrows(RpoException.class, () -> ModelDirectory.open(temp)),
                "model.safetensors",
                "Convert pytorch_model.bin");
    }

    /** Shown by a change that leaves no trace, which no program makes. */
    @Test
    void contentIsReadOnceForAllFingerprints() throws IOException {
        ModelDirectory model = ModelDirectory.open(TinyModel.folder(temp, TinyModel.CONFIG, tensors));
        Path weights = temp.resolve("model.safetensors");
        Instant written = Instant.now().minusSeconds(60);
        Files.setLastModifiedTime(weights, FileTime.from(written));
        String before = model.fingerprint();
        byte[] content = Files.readAllBytes(weights);
        content[content.length - 1] ^= 1;
        Files.write(weights, content);
        Files.setLastModifiedTime(weights, FileTime.from(written));
        assertEquals(before, model.fingerprint());
        Files.setLastModifiedTime(weights, FileTime.from(written.plusSeconds(1)));
        assertNotEquals(before, model.fingerprint());
    }

    @Test
    void fingerprintFollowsContentAlone() throws IOException {
        String fingerprint = open().fingerprint();
        assertTrue(fingerprint.matches("[0-9a-f]{64}"), fingerprint);
        Path copy = TinyModel.folder(temp.resolve("copy"), TinyModel.CONFIG, tensors);
        Files.writeString(copy.resolve("notes.txt"), "not part of the model");
        assertEquals(fingerprint, ModelDirectory.open(copy).fingerprint());

        Files.writeString(copy.resolve("tokenizer.json"), "{}");
        String withTokenizer = ModelDirectory.open(copy).fingerprint();
        assertNotEquals(fingerprint, withTokenizer);
        tensors.get(Q_PROJ).floats()[3] = 0.5f;
        assertNotEquals(fingerprint, open().fingerprint());
    }

    @Test
    void readsShards() throws IOException {
        writeShards(Map.of(), name -> name.startsWith("model.layers.0") ? "a.safetensors" : "b.safetensors");
        assertHoldsTinyWeights(ModelDirectory.open(temp));
    }

    /** A shard that an earlier save left may hold what the later one holds elsewhere. */
    @Test
    void ofATensorInTwoShardsTheIndexSaysWhichCounts() throws IOException {
        for (String current : List.of("a.safetensors", "b.safetensors")) {
            writeShards(Map.of(), name -> name.equals(Q_PROJ) || name.equals(EMBEDDING) ? current : "c.safetensors");
            String other = current.equals("a.safetensors") ? "b.safetensors" : "a.safetensors";
            Map<String, TinyModel.Raw> outdated = new LinkedHashMap<>();
            outdated.put(Q_PROJ, new TinyModel.Raw(List.of(4, 4), new float[16]));
            outdated.put("model.norm.weight", tensors.get("model.norm.weight"));
            Files.write(temp.resolve(other), TinyModel.safetensors(outdated));
            writeIndex(
                    Map.of("model.norm.weight", other),
                    name -> name.equals(Q_PROJ) || name.equals(EMBEDDING) ? current : "c.safetensors");
            assertHoldsTinyWeights(ModelDirectory.open(temp));
        }
    }

    @Test
    void aTensorInTwoShardsThatTheIndexDoesNotNameIsRefused() throws IOException {
        writeShards(Map.of(), name -> name.equals(Q_PROJ) ? "a.safetensors" : "b.safetensors");
        for (String shard : List.of("a.safetensors", "b.safetensors")) {
            Map<String, TinyModel.Raw> content =
                    new LinkedHashMap<>(shard.startsWith("a") ? Map.of(Q_PROJ, tensors.get(Q_PROJ)) : tensors);
            content.put("extra", new TinyModel.Raw(List.of(1), new float[1]));
            Files.write(temp.resolve(shard), TinyModel.safetensors(content));
        }
        assertContains(assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), "extra", "more than one");
    }

    @Test
    void indexMustNamePlainFiles() throws IOException {
        for (String trick :
                List.of("../a.safetensors", "/tmp/a.safetensors", "b/../a.safetensors", "..", "", "a.bin")) {
            writeShards(Map.of(Q_PROJ, trick), name -> "a.safetensors");
            assertContains(
                    assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), Q_PROJ, "\"" + trick + "\"");
        }
    }

    @Test
    void indexMustMatchItsShards() throws IOException {
        writeShards(Map.of("model.nothing", "a.safetensors"), name -> "a.safetensors");
        assertContains(assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), "model.nothing");
        writeShards(Map.of(Q_PROJ, "gone.safetensors"), name -> "a.safetensors");
        assertContains(assertThrows(RpoException.class, () -> ModelDirectory.open(temp)), "gone.safetensors");
    }

    /** As some trainers leave it. */
    @Test
    void anAdapterMayHaveItsModelsConfigBesideIt() throws IOException {
        Path adapter = adapter(temp.resolve("base").toString());
        String alone = ModelDirectory.open(adapter).fingerprint();
        Files.writeString(adapter.resolve("config.json"), "{\"model_type\": \"not looked at\"}");
        ModelDirectory opened = ModelDirectory.open(adapter);
        assertTrue(opened.adapter().isPresent());
        assertEquals(alone, opened.fingerprint());

        TinyModel.folder(adapter, TinyModel.CONFIG, tensors);
        assertTrue(ModelDirectory.open(adapter).adapter().isEmpty(), "a whole model comes before an adapter");
    }

    @Test
    void anAdapterWithoutItsModelIsRefused() throws IOException {
        for (String name : List.of("", "somebody/some-model")) {
            Path adapter = adapter(name);
            RpoException refused = assertThrows(RpoException.class, () -> ModelDirectory.open(adapter));
            assertContains(refused, "rpo.model.base", name.isEmpty() ? "does not say which model" : name);
        }
    }

    /** @param base where the adapter says its model is */
    private Path adapter(String base) throws IOException {
        ModelDirectory model = ModelDirectory.open(TinyModel.folder(temp.resolve("base"), TinyModel.CONFIG, tensors));
        Lora lora =
                new LoraSettings(2, 4, 0, List.of("q_proj"), false).on(model).orElseThrow();
        Path folder = temp.resolve("adapter-on-" + base.replaceAll("\\W", "-"));
        Trainable trainable = Trainable.of(model, Optional.of(lora), 1, base);
        trainable.save(folder, trainable.initial(), Map.of());
        return folder;
    }

    /** As a checkpoint lies that was saved again with other shards, and whose old files stayed. */
    @Test
    void theIndexSaysWhichOfTwoCopiesCounts() throws IOException {
        Map<String, TinyModel.Raw> superseded = new LinkedHashMap<>(tensors);
        TinyModel.Raw embedding = tensors.get(EMBEDDING);
        superseded.put(EMBEDDING, new TinyModel.Raw(embedding.shape(), new float[embedding.floats().length]));
        for (boolean reversed : List.of(false, true)) {
            writeShards(Map.of(), name -> reversed ? "b.safetensors" : "a.safetensors");
            Files.write(temp.resolve(reversed ? "a.safetensors" : "b.safetensors"), TinyModel.safetensors(superseded));
            assertHoldsTinyWeights(ModelDirectory.open(temp));
        }
    }

    private void writeShards(Map<String, String> lies, UnaryOperator<String> shardOf) throws IOException {
        Map<String, Map<String, TinyModel.Raw>> shards = new LinkedHashMap<>();
        tensors.forEach((name, raw) -> shards.computeIfAbsent(shardOf.apply(name), s -> new LinkedHashMap<>())
                .put(name, raw));
        Files.writeString(temp.resolve("config.json"), TinyModel.CONFIG);
        for (Map.Entry<String, Map<String, TinyModel.Raw>> shard : shards.entrySet()) {
            Files.write(temp.resolve(shard.getKey()), TinyModel.safetensors(shard.getValue()));
        }
        writeIndex(lies, shardOf);
    }

    private void writeIndex(Map<String, String> lies, UnaryOperator<String> shardOf) throws IOException {
        Map<String, String> weightMap = new LinkedHashMap<>();
        tensors.keySet().forEach(name -> weightMap.put(name, shardOf.apply(name)));
        weightMap.putAll(lies);
        Files.writeString(
                temp.resolve("model.safetensors.index.json"),
                JsonObject.MAPPER.writeValueAsString(Map.of("weight_map", weightMap)));
    }

    private ModelDirectory open() throws IOException {
        return ModelDirectory.open(TinyModel.folder(temp, TinyModel.CONFIG, tensors));
    }

    private void assertRefused(String... named) {
        assertContains(assertThrows(RpoException.class, this::open), named);
    }

    private static void assertContains(RpoException e, String... named) {
        for (String name : named) {
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
    }

    static void assertHoldsTinyWeights(ModelDirectory model) {
        for (ParameterLayout.Entry entry : ParameterLayout.of(model.config()).entries()) {
            float[] floats = new float[(int) entry.size()];
            model.weights().read(entry, 0, FloatBuffer.wrap(floats));
            assertArrayEquals(TinyModel.floats(entry), floats, entry.name());
        }
    }
}
