package ai.rpo.jobs.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.Trainable;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.store.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known before any row is read of how text becomes a model's tokens; no Spark session is started. */
class ModelTextTest {

    private static final Path MODEL =
            Path.of("../rpo-core/src/test/resources/families/llama").toAbsolutePath();
    private static final String TOKENIZER = """
            {"added_tokens": [{"id": END, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
              "rstrip": false, "normalized": false}],
             "pre_tokenizer": {"type": "Whitespace"},
             "model": {"type": "WordLevel", "vocab": {"?": 0, "a": 3, "b": 4}, "unk_token": "?"}}
            """;

    @TempDir
    Path folder;

    private Path base;
    private Path adapter;
    private final List<String> remarks = new ArrayList<>();

    /** An adapter as PEFT saves it, on a model with a vocabulary of 13. */
    @BeforeEach
    void write() throws IOException {
        base = Files.createDirectory(folder.resolve("base"));
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(MODEL.resolve(name), base.resolve(name));
        }
        writeTokenizer(12);
        ModelDirectory model = ModelDirectory.open(base);
        Lora lora =
                new LoraSettings(2, 4, 0, List.of("q_proj"), false).on(model).orElseThrow();
        Trainable trainable = Trainable.of(model, Optional.of(lora), 1, base.toString());
        adapter = folder.resolve("adapter");
        trainable.save(adapter, trainable.initial(), Map.of());
        try (Stream<Path> files = Files.list(adapter)) {
            for (Path file : files.filter(name -> name.getFileName().toString().startsWith("tokenizer"))
                    .toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void anAdapterWithoutTokenizerHasItsModels() throws IOException {
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            stages(spark).checkTokenizer();
            String before = prepared(spark);
            writeTokenizer(11);
            assertNotEquals(before, prepared(spark));
        }
    }

    @Test
    void anEndBeyondTheEmbeddingIsSaidBeforeRowsAreRead() throws IOException {
        writeTokenizer(13);
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            RpoException refused =
                    assertThrows(RpoException.class, () -> stages(spark).checkTokenizer());
            assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
            for (String part : new String[] {"eos_token", "id 13", "vocab_size = 13", "end at 12"}) {
                assertTrue(refused.getMessage().contains(part), refused.getMessage());
            }
        }
    }

    @Test
    void whatIsPassedOverIsToldOnce() throws IOException {
        Path config = adapter.resolve("adapter_config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{\"use_tomorrow\": true,"));
        try (SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of())) {
            Stages stages = stages(spark);
            stages.checkTokenizer();
            stages.checkTokenizer();
        }
        assertEquals(1, remarks.size(), remarks.toString());
        assertTrue(remarks.get(0).contains("use_tomorrow"), remarks.toString());
    }

    private void writeTokenizer(int end) throws IOException {
        Files.writeString(base.resolve("tokenizer.json"), TOKENIZER.replace("END", Integer.toString(end)));
        Files.writeString(base.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
    }

    private String prepared(SparkLauncher spark) {
        return Pipeline.fingerprint(stages(spark).prepare()).digest();
    }

    private Stages stages(SparkLauncher spark) {
        ResolvedConfiguration configuration = ResolvedConfiguration.load(
                ConfigurationSources.of(
                        Optional.empty(),
                        List.of(
                                "rpo.output=" + folder.resolve("out"),
                                "rpo.model.path=" + adapter,
                                "rpo.data.train=" + base.resolve("config.json"))),
                List.of());
        RunDirectory run = new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve("out").toString()), spark.hadoop());
        return new Stages(configuration, run, spark, remarks::add);
    }
}
