package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.text.TokenizerFiles;
import ai.rpo.spark.store.FakeStores;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.train.RandomModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store {@code aside:} is this machine's disk, looking to Hadoop like another. */
class LocalModelTest {

    private static final String CARRIED = "generation_config.json";

    @TempDir
    Path work;

    private final Configuration hadoop = FakeStores.configuration();
    private Path stored;
    private Path cached;

    @BeforeEach
    void aModelThatNoEarlierTestHasFetched() throws IOException {
        stored = RandomModel.write(work.resolve("stored"), 0.2);
        Files.writeString(stored.resolve(CARRIED), "{\"eos_token_id\": 2, \"test\": \"" + UUID.randomUUID() + "\"}");
    }

    @AfterEach
    void leaveTheCacheAsItWas() throws IOException {
        if (cached != null) {
            if (Files.exists(cached)) {
                LocalCopies.delete(cached);
            }
            for (String suffix : new String[] {".lock", ".files"}) {
                Files.deleteIfExists(cached.resolveSibling(cached.getFileName() + suffix));
            }
        }
    }

    @Test
    void aLocalModelIsUsedWhereItIs() {
        LocalModel model = LocalModel.of(stored.toString(), hadoop);
        assertEquals(stored, model.folder());
        assertEquals(model.fingerprint(), model.open().fingerprint());
    }

    @Test
    void weightsThatNobodyAsksForAreNotRead() throws IOException {
        LocalModel located = LocalModel.located(stored.toString(), Optional.empty(), hadoop);
        LocalModel opened = LocalModel.of(stored.toString(), hadoop);
        RandomModel.write(stored, 0.3);
        assertEquals(located.open().fingerprint(), located.fingerprint());
        assertNotEquals(opened.fingerprint(), located.fingerprint());
    }

    @Test
    void aRemoteModelIsFetchedOnce() throws IOException {
        LocalModel model = remote();
        assertNotEquals(stored, cached);
        assertTrue(cached.endsWith(model.fingerprint()), cached.toString());
        LocalCopies.delete(stored);
        assertEquals(model.fingerprint(), model.open().fingerprint());
    }

    @Test
    void itsFurtherChatTemplatesComeWithIt() throws IOException {
        Path templates = Files.createDirectory(stored.resolve("additional_chat_templates"));
        Files.writeString(templates.resolve("rag.jinja"), "{{ documents }}");
        Files.createDirectory(stored.resolve("original"));
        Files.writeString(stored.resolve("original/consolidated.00.pth"), "large and of no use here");
        LocalModel model = remote();
        assertEquals(
                "{{ documents }}",
                Files.readString(
                        model.open().file("additional_chat_templates/rag.jinja").orElseThrow()));
        assertTrue(Files.notExists(cached.resolve("original")));
    }

    @Test
    void anAdapterTurnsTextIntoTokensAsItsModelDoes() throws IOException {
        for (String name : new String[] {"tokenizer.json", "chat_template.jinja"}) {
            Files.writeString(stored.resolve(name), "{}");
        }
        ModelDirectory base = ModelDirectory.open(stored);
        Lora lora = new LoraSettings(2, 4, 0, List.of("q_proj"), false).on(base).orElseThrow();
        Trainable trainable = Trainable.of(base, Optional.of(lora), 1, stored.toString());
        Path adapter = work.resolve("adapter");
        trainable.save(adapter, trainable.initial(), Map.of());
        for (String name : new String[] {"tokenizer.json", "chat_template.jinja", CARRIED}) {
            Files.deleteIfExists(adapter.resolve(name)); // which PEFT does not write
        }

        TokenizerFiles local = LocalModel.of(adapter.toString(), hadoop).tokenizerFiles();
        assertEquals(new TokenizerFiles(stored, stored, List.of(2)), local);

        LocalModel remote = LocalModel.of(adapter.toString(), Optional.of("aside://" + stored), hadoop);
        cached = remote.withoutAdapter().folder();
        assertEquals(new TokenizerFiles(cached, cached, List.of(2)), remote.tokenizerFiles());
    }

    /** A trainer's output with checkpoints or named adapters, and a model in the cache of a hub. */
    @Test
    void modelsInFoldersOfTheFolderAreNamed() throws IOException {
        Path output = Files.createDirectories(work.resolve("output"));
        RandomModel.write(output.resolve("checkpoint-20"), 0.2);
        Files.createDirectories(output.resolve("logs"));
        Files.createDirectories(output.resolve("reference"));
        Files.writeString(output.resolve("reference/adapter_config.json"), "{}");
        RandomModel.write(output.resolve("snapshots/0a1b"), 0.2);
        RpoException refused = assertThrows(RpoException.class, () -> LocalModel.of(output.toString(), hadoop));
        assertTrue(
                refused.getMessage().endsWith("in it: checkpoint-20, reference, snapshots/0a1b."),
                refused.getMessage());
    }

    @Test
    void ofACheckpointOnlyTheModelIsFetched() throws IOException {
        Files.writeString(stored.resolve("optimizer_first_moments.safetensors"), "as large as the model");
        LocalModel model = LocalModel.of(stored.toString(), hadoop).checkpoint("aside://" + stored);
        cached = model.folder();
        assertTrue(Files.notExists(cached.resolve("optimizer_first_moments.safetensors")));
        assertEquals(model.fingerprint(), model.open().fingerprint());
    }

    @Test
    void anotherMachineFetchesItAnew() throws IOException, ClassNotFoundException {
        LocalModel sent = sent(remote());
        LocalCopies.delete(cached);
        assertEquals(sent.fingerprint(), sent.open().fingerprint());
    }

    @Test
    void tasksThatAskAtOnceGetTheSameFolder() {
        LocalModel model = remote();
        LocalCopies.delete(cached);
        assertEquals(
                1,
                IntStream.range(0, 8)
                        .parallel()
                        .mapToObj(i -> model.folder())
                        .distinct()
                        .count());
    }

    @Test
    void aModelThatChangedSinceIsRefusedAndNotKept() throws IOException {
        LocalModel model = remote();
        LocalCopies.delete(cached);
        Files.writeString(stored.resolve(CARRIED), "{\"eos_token_id\": 3}");
        RpoException refused = assertThrows(RpoException.class, model::open);
        assertTrue(refused.getMessage().contains("it changed after the job began"), refused.getMessage());
        assertTrue(Files.notExists(cached));
    }

    @Test
    void aModelThatIsNotThereCannotBeHadByTryingAgain() {
        for (String uri : new String[] {work + "/none", "aside://" + work + "/none", "nostore:///model"}) {
            RpoException refused = assertThrows(RpoException.class, () -> LocalModel.of(uri, hadoop));
            assertEquals(RpoException.Kind.CONFIGURATION, refused.kind(), refused.getMessage());
            assertTrue(refused.getMessage().startsWith("Cannot "), refused.getMessage());
        }
    }

    private LocalModel remote() {
        LocalModel model = LocalModel.of("aside://" + stored, hadoop);
        cached = model.folder();
        return model;
    }

    private static LocalModel sent(LocalModel model) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(model);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (LocalModel) in.readObject();
        }
    }
}
