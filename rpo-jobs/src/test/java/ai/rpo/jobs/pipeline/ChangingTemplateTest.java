package ai.rpo.jobs.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chat templates that are edited between two commands, or write the day. */
class ChangingTemplateTest {

    private static final Path MODEL =
            Path.of("../rpo-core/src/test/resources/families/llama").toAbsolutePath();
    private static final LocalDate FIRST = LocalDate.parse("2026-03-01");
    private static final LocalDate SECOND = LocalDate.parse("2026-03-02");
    private static final String TURNS = "{% for m in messages %}{{ m.content }} {% endfor %}";
    private static final String DATED = "{{ strftime_now('%d') }} " + TURNS;

    private static final Pipeline.Listener QUIET = new Pipeline.Listener() {
        @Override
        public void reused(Stage stage, Manifest manifest) {}

        @Override
        public void skipped(Stage stage) {}

        @Override
        public void started(Stage stage) {}

        @Override
        public void finished(Stage stage, Map<String, Long> counts, Duration took) {}
    };

    @TempDir
    Path folder;

    private final SparkLauncher spark = new SparkLauncher("test", Optional.of("local[1]"), Map.of());
    private Path model;
    private Path pairs;

    @BeforeEach
    void write() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), model.resolve(name));
        }
        Files.writeString(model.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 12, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
                  "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "Whitespace"},
                 "model": {"type": "WordLevel", "vocab": {"?": 0, "a": 3, "b": 4, "c": 5, "01": 6, "02": 7}, "unk_token": "?"}}
                """);
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        pairs = Files.writeString(folder.resolve("pairs.jsonl"), """
                {"prompt": [{"role": "user", "content": "a"}], "chosen": [{"role": "assistant", "content": "b"}],\
                 "rejected": [{"role": "assistant", "content": "c"}]}
                """);
    }

    @AfterEach
    void stop() {
        spark.close();
    }

    @Test
    void dataOfANamedTemplateThatWasEditedAreNotUsedAgain() throws IOException {
        Path named = Files.createDirectory(model.resolve("additional_chat_templates"))
                .resolve("brief.jinja");
        Files.writeString(named, TURNS);
        List<String> keys = List.of("rpo.model.chat-template=brief");
        make("out", false, FIRST, keys, Stages::prepare);
        assertEquals(List.of(3), prompt("out"));
        assertEquals(List.of("REUSE prepare"), make("out", false, FIRST, keys, Stages::prepare));

        Files.writeString(named, "b " + TURNS);
        RpoException refused = assertThrows(RpoException.class, () -> make("out", false, FIRST, keys, Stages::prepare));
        assertTrue(refused.getMessage().contains("chat template of rpo.model.path"), refused.getMessage());

        assertEquals(List.of("MAKE prepare"), make("out", true, FIRST, keys, Stages::prepare));
        assertEquals(List.of(4, 3), prompt("out"));
    }

    @Test
    void aTemplatesDateIsThatOfTheDayOnWhichTheOutputWasBegun() throws IOException {
        Files.writeString(model.resolve("chat_template.jinja"), DATED);
        make("out", false, FIRST, List.of(), Stages::prepare);
        assertEquals(List.of(6, 3), prompt("out"));

        assertEquals(List.of("REUSE prepare"), make("out", false, SECOND, List.of(), Stages::prepare));
        make("later", false, SECOND, List.of(), Stages::prepare);
        assertEquals(List.of(7, 3), prompt("later"));
        make("given", false, SECOND, List.of("rpo.model.template-date=2026-03-01"), Stages::prepare);
        assertEquals(List.of(6, 3), prompt("given"));
    }

    /** A judge's template is read by the same rule as that of the model that is trained. */
    @Test
    void judgmentsDependOnTheJudgesTemplateAndItsDate() throws IOException {
        Path given = Files.writeString(folder.resolve("judge.jinja"), TURNS);
        String undated = judging(FIRST, given);
        assertEquals(undated, judging(SECOND, given));

        Files.writeString(given, DATED);
        assertNotEquals(undated, judging(FIRST, given));
        assertNotEquals(judging(FIRST, given), judging(SECOND, given));
        Files.writeString(Files.createDirectories(folder.resolve("out")).resolve("template-date.txt"), FIRST + "\n");
        assertEquals(judging(FIRST, given), judging(SECOND, given));
    }

    private String judging(LocalDate today, Path template) {
        List<String> keys = List.of(
                "rpo.judge.by=model",
                "rpo.judge.model.path=" + model,
                "rpo.judge.model.chat-template=" + template,
                "rpo.judge.candidates.one=" + pairs);
        return Pipeline.fingerprint(stages("out", today, keys).judge()).digest();
    }

    private List<String> make(
            String output, boolean overwrite, LocalDate today, List<String> keys, Function<Stages, Stage> which) {
        Pipeline pipeline = new Pipeline(run(output), overwrite, "test");
        List<Decision> plan = pipeline.plan(which.apply(stages(output, today, keys)));
        pipeline.execute(plan, Progress.NONE, QUIET);
        return plan.stream()
                .map(decision -> decision.verdict() + " " + decision.stage().name())
                .toList();
    }

    private Stages stages(String output, LocalDate today, List<String> keys) {
        List<String> all = new ArrayList<>(
                List.of("rpo.output=" + folder.resolve(output), "rpo.model.path=" + model, "rpo.data.train=" + pairs));
        all.addAll(keys);
        ResolvedConfiguration configuration =
                ResolvedConfiguration.load(ConfigurationSources.of(Optional.empty(), all), List.of());
        return new Stages(
                configuration, run(output), spark, new TablePins(spark), TrainingListener.NONE, remark -> {}, today);
    }

    private RunDirectory run(String output) {
        return new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve(output).toString()), spark.hadoop());
    }

    private List<Integer> prompt(String output) {
        Row row = spark.session()
                .read()
                .parquet(folder.resolve(output).resolve("data/train").toString())
                .select("prompt_ids")
                .first();
        return row.getList(0);
    }
}
