package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the commands that train reward models and rate with them, of a few hundred weights. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RewardCommandsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 7, "hidden_size": 8,
              "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
              "max_position_embeddings": 64, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "bos_token_id": 1,
              "eos_token_id": 2
            }
            """;
    private static final String TOKENIZER = """
            {"added_tokens": [{"id": 2, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
              "rstrip": false, "normalized": false}],
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\\\s\\\\S]"}, "behavior": "Isolated", "invert": false},
             "model": {"type": "WordLevel", "vocab": {"?": 0, "<s>": 1, "</s>": 2, "a": 3, "b": 4, "c": 5, "d": 6},
              "unk_token": "?"}}
            """;

    @TempDir
    Path folder;

    @BeforeEach
    void model() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), CONFIG);
        Files.writeString(model.resolve("tokenizer.json"), TOKENIZER);
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        Random random = new Random(3);
        ParameterFile.write(
                model.resolve("model.safetensors"),
                ParameterLayout.of(ModelConfigParser.parse(CONFIG, "config.json")),
                (entry, offset, target) -> {
                    while (target.hasRemaining()) {
                        target.put((float) ((entry.vector() ? 1 : 0) + 0.3 * random.nextGaussian()));
                    }
                });
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < 48; i++) {
            String prompt = "" + (char) ('a' + i % 4) + (char) ('a' + i / 4 % 4) + (char) ('a' + i / 16);
            pairs.add(String.format(
                    Locale.ROOT, "{\"prompt\": \"%s\", \"chosen\": \"aa\", \"rejected\": \"%s\"}", prompt, "dd"));
        }
        Files.write(folder.resolve("pairs.jsonl"), pairs);
    }

    @Test
    void anEnsembleLearnsWhatIsBetterAndRatesBySaidAggregate() throws IOException {
        Outcome trained = run(reward(
                "rpo.reward.members=2", "rpo.data.eval-fraction=0.3", "rpo.selection.metric=rewards/accuracies"));
        assertEquals(0, trained.exitCode(), trained.err());
        assertTrue(trained.out().contains("member-1   right about 100.0 % of the held-out pairs"), trained.out());
        assertTrue(trained.out().contains("their mean right about 100.0 %"), trained.out());
        assertEquals(
                ModelDirectory.openReward(folder.resolve("out/reward/member-0"))
                        .config()
                        .reward(),
                ModelDirectory.openReward(folder.resolve("out/reward/member-1"))
                        .config()
                        .reward());
        JsonNode heldOut =
                JSON.readTree(folder.resolve("out/reward/held_out.json").toFile());
        assertEquals(1, heldOut.at("/ensemble/rewards~1accuracies/mean").asDouble());
        assertEquals(1, heldOut.at("/members/0/rewards~1accuracies/mean").asDouble());

        Files.write(
                folder.resolve("completions.jsonl"),
                List.of(
                        "{\"prompt\": \"abc\", \"completion\": \"aa\"}",
                        "{\"prompt\": \"abc\", \"completion\": \"dd\"}",
                        "{\"prompt\": \"abc\"}"));
        String[] rating = {
            "rate",
            "-D",
            "rpo.output=$rated",
            "-D",
            "rpo.rate.model=[$out/reward/member-0, $out/reward/member-1]",
            "-D",
            "rpo.rate.completions=$completions.jsonl",
            "-D",
            "rpo.rate.aggregate=min"
        };
        Outcome rated = run(rating);
        assertEquals(0, rated.exitCode(), rated.err());
        assertTrue(rated.out().contains("2 completions, 1 rows left out"), rated.out());
        assertTrue(rated.out().contains("best of 2: reward "), rated.out());
        List<JsonNode> ratings = ratings();
        assertEquals(2, ratings.size());
        for (JsonNode row : ratings) {
            double lowest = Math.min(
                    row.get("rewards").get(0).asDouble(),
                    row.get("rewards").get(1).asDouble());
            assertEquals(lowest, row.get("reward").asDouble());
        }
        assertTrue(ratings.get(0).get("reward").asDouble()
                > ratings.get(1).get("reward").asDouble());
        assertTrue(Files.notExists(folder.resolve("rated/rate/work")), "what nobody needs any more");
        assertTrue(run(rating).out().contains("reused"));

        Outcome adapted = run(reward("rpo.lora.rank=2", "rpo.export.form=adapter", "rpo.output=$adapted"));
        assertEquals(0, adapted.exitCode(), adapted.err());
        assertTrue(Files.exists(folder.resolve("adapted/reward/member-0/adapter_model.safetensors")));
        rating[4] = "rpo.rate.model=$adapted/reward/member-0";
        rating[2] = "rpo.output=$rated-by-adapter";
        Outcome ratedByAdapter = run(rating);
        assertEquals(0, ratedByAdapter.exitCode(), ratedByAdapter.err());
    }

    @Test
    void whatCannotBeIsSaidBeforeAnyWork() {
        assertRefused(
                "Cannot write a reward model as an adapter: all of its weights", reward("rpo.export.form=adapter"));
        assertRefused(
                "Cannot choose a reward model: rpo.selection.metric must be one of loss, ",
                reward("rpo.selection.metric=logps/chosen", "rpo.data.eval-fraction=0.3"));
        assertRefused(
                "Cannot use the model in " + folder.resolve("model") + " as a reward model",
                "rate",
                "-D",
                "rpo.output=$rated",
                "-D",
                "rpo.rate.model=$model",
                "-D",
                "rpo.rate.completions=$pairs.jsonl");
    }

    @Test
    void checkpointsAreNotChosenByPairsThatAreNotThere() {
        Outcome outcome = run(reward("rpo.selection.metric=rewards/accuracies", "rpo.data.eval-fraction=0.000001"));
        assertEquals(3, outcome.exitCode(), outcome.err());
        assertTrue(outcome.err().contains("rpo.data.eval-fraction left no held-out pairs"), outcome.err());
    }

    /** Runs a command whose settings name files of the test's folder as {@code $NAME}. */
    private Outcome run(String... command) {
        return ProgramHere.run(Stream.concat(
                        Stream.of(command).map(word -> word.replace("$", folder + "/")),
                        Stream.of("--master", "local[1]", "-D", "spark.sql.shuffle.partitions=2"))
                .toList());
    }

    private void assertRefused(String why, String... command) {
        Outcome outcome = run(command);
        assertEquals(2, outcome.exitCode(), outcome.err());
        assertTrue(outcome.err().contains(why), outcome.err());
    }

    private static String[] reward(String... more) {
        List<String> words = new ArrayList<>(List.of("reward"));
        Stream.concat(
                        Stream.of(
                                "rpo.output=$out",
                                "rpo.model.path=$model",
                                "rpo.data.train=$pairs.jsonl",
                                "rpo.reward.epochs=6",
                                "rpo.reward.pairs-per-batch=8",
                                "rpo.reward.learning-rate=0.02"),
                        Stream.of(more))
                .forEach(setting -> words.addAll(List.of("-D", setting)));
        return words.toArray(String[]::new);
    }

    private List<JsonNode> ratings() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("rated/rate/ratings"))) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith("part-"))
                    .toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(JSON.readTree(line));
                }
            }
        }
        return rows;
    }
}
