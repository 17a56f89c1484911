package ai.rpo.spark.rate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.reward.Aggregate;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.train.RandomModel;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class RateStageTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static SparkSession spark;

    @TempDir
    Path work;

    @Test
    void anEnsembleGivesEveryCompletionTheRewardsOfItsMembers() throws IOException {
        List<TrainingExample> pairs = RandomModel.pairs(9);
        List<String> rows = new ArrayList<>();
        for (TrainingExample pair : pairs) {
            rows.add(generated(pair.ordinal(), 0, pair.prompt(), pair.chosen()));
            rows.add(generated(pair.ordinal(), 1, pair.prompt(), pair.rejected()));
        }
        LocalModel one = reward(0.2, 1);
        LocalModel other = reward(0.2, 2);
        double[] first = locally(one, pairs);
        double[] second = locally(other, pairs);

        RateStage.Result result = rate(ensemble(one, other), Aggregate.MIN, rows, "ratings");

        List<JsonNode> ratings = ratings("ratings");
        assertEquals(18, ratings.size());
        double best = 0;
        for (int i = 0; i < 18; i++) {
            JsonNode rating = ratings.get(i);
            assertEquals(pairs.get(i / 2).ordinal(), rating.get("ordinal").asLong());
            assertEquals(i % 2, rating.get("sample").asInt());
            assertEquals(first[i], rating.get("rewards").get(0).asDouble(), 1e-5);
            assertEquals(second[i], rating.get("rewards").get(1).asDouble(), 1e-5);
            assertEquals(Math.min(first[i], second[i]), rating.get("reward").asDouble(), 1e-5);
            best += i % 2 == 0 ? Math.max(min(first, second, i), min(first, second, i + 1)) / 9 : 0;
        }
        assertEquals(9, result.prompts());
        assertEquals(List.of(1, 2), result.bestOf().stream().map(BestOf::n).toList());
        assertEquals(result.reward().mean(), result.bestOf().get(0).reward().mean(), 1e-9);
        assertEquals(best, result.bestOf().get(1).reward().mean(), 1e-5);
    }

    private static double min(double[] first, double[] second, int i) {
        return Math.min(first[i], second[i]);
    }

    @Test
    void whatWasRatedBeforeIsNotComputedAgain() throws IOException {
        LocalModel model = reward(0.2, 1);
        List<String> rows = new ArrayList<>(List.of(generated(0, 0, new int[] {3}, new int[] {4})));
        rate(ensemble(model), Aggregate.MEAN, rows, "once");
        List<Path> scores = scores();
        rate(ensemble(model), Aggregate.MEAN, rows, "twice");
        assertEquals(scores, scores());
        assertEquals(ratings("once"), ratings("twice"));
        rows.add(generated(0, 1, new int[] {3}, new int[] {5}));
        rate(ensemble(model), Aggregate.MEAN, rows, "more");
        assertTrue(scores().size() > scores.size());
        assertEquals(ratings("once").get(0), ratings("more").get(0));
    }

    private List<Path> scores() throws IOException {
        try (Stream<Path> files = Files.walk(work.resolve("scores"))) {
            return files.filter(file -> file.toString().endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void textIsReadByTheTokenizerOfTheRewardModel() throws IOException {
        LocalModel model = reward(0.2, 1);
        String text = "{\"prompt\": \"ab\", \"completion\": \"c\"}";
        String ids = "{\"prompt_ids\": [1, 3, 4], \"completion_ids\": [5, 2]}";
        String both = "{\"prompt\": \"ab\", \"completion\": \"c\", \"prompt_ids\": [7], \"completion_ids\": [8]}";
        rate(ensemble(model), Aggregate.MEAN, List.of(text, ids, both), "given");
        List<JsonNode> given = ratings("given");
        assertEquals(
                List.of(0L, 1L, 2L),
                given.stream().map(row -> row.get("ordinal").asLong()).toList());
        double expected = given.get(1).get("reward").asDouble();
        assertEquals(expected, given.get(0).get("reward").asDouble(), 1e-6);
        assertNotEquals(expected, given.get(2).get("reward").asDouble(), 1e-4, "its ids are another completion");

        RateSettings again =
                new RateSettings(List.of("m"), List.of(write("again", List.of(both))), Aggregate.MEAN, 0, true);
        stage(ensemble(model), again).run(path("again-rated"), Progress.NONE);
        assertEquals(expected, ratings("again-rated").get(0).get("reward").asDouble(), 1e-6);
    }

    /** As generate writes it: the prompt as messages, the answer as text. */
    @Test
    void anAnswerToAConversationIsReadByTheTemplate() throws IOException {
        LocalModel model = reward(0.2, 1);
        Files.writeString(
                work.resolve("reward-0.2-1/tokenizer_config.json"),
                "{\"eos_token\": \"</s>\", \"chat_template\": \"{% for m in messages %}{{ m.content }}{% endfor %}\"}");
        String messages = "{\"prompt\": [{\"role\": \"user\", \"content\": \"ab\"}], \"completion\": \"c\"}";
        String ids = "{\"prompt_ids\": [3, 4], \"completion_ids\": [5, 2]}";
        RateStage.Result result = rate(ensemble(model), Aggregate.MEAN, List.of(messages, ids), "talk");
        assertEquals(2, result.completions());
        double expected = ratings("talk").get(1).get("reward").asDouble();
        assertEquals(expected, ratings("talk").get(0).get("reward").asDouble(), 1e-6);
    }

    @Test
    void rowsOfAnotherVocabularyAreLeftOutAndSaidSo() throws IOException {
        List<String> rows = List.of(
                generated(0, 0, new int[] {3}, new int[] {19}),
                generated(1, 0, new int[] {3}, new int[] {18}),
                "{\"prompt\": \"a\"}");
        RateStage.Result result = rate(ensemble(reward(0.2, 1)), Aggregate.MEAN, rows, "some");
        assertEquals(1, result.completions());
        assertEquals(2, result.leftOut());
        assertEquals(1, ratings("some").get(0).get("ordinal").asInt());
        assertTrue(lines(work.resolve("some/rejected")).get(0).contains("the vocabulary ends at 18"));

        RpoException none = assertThrows(
                RpoException.class, () -> rate(ensemble(reward(0.2, 1)), Aggregate.MEAN, List.of(rows.get(0)), "none"));
        assertEquals(RpoException.Kind.DATA, none.kind());
        assertTrue(none.getMessage().contains("none of 1 rows has a prompt with one completion"), none.getMessage());
    }

    @Test
    void aRewardThatIsNotFiniteStopsTheJobAndNamesItsRow() throws IOException {
        List<String> rows = List.of(generated(0, 0, new int[] {3}, new int[] {4}));
        RpoException stopped =
                assertThrows(RpoException.class, () -> rate(ensemble(reward(1e15, 1)), Aggregate.MEAN, rows, "huge"));
        assertEquals(RpoException.Kind.DATA, stopped.kind());
        assertTrue(
                stopped.getMessage().contains("its number for the completion in row 1 of file:"), stopped.getMessage());
        assertTrue(stopped.getMessage().contains("huge.jsonl is not finite"), stopped.getMessage());
    }

    @Test
    void rowsOfOneNameAreRefused() throws IOException {
        String row = generated(4, 1, new int[] {3}, new int[] {4});
        RpoException refused = assertThrows(
                RpoException.class, () -> rate(ensemble(reward(0.2, 1)), Aggregate.MEAN, List.of(row, row), "twins"));
        assertTrue(refused.getMessage().contains("several rows have ordinal 4 and sample 1"), refused.getMessage());
    }

    @Test
    void aPolicyImpliesARewardBesideItsReference() throws IOException {
        LocalModel policy = language(0.3);
        LocalModel reference = language(0.2);
        List<TrainingExample> pairs = RandomModel.pairs(3);
        List<String> rows = pairs.stream()
                .map(pair -> generated(pair.ordinal(), 0, pair.prompt(), pair.chosen()))
                .toList();
        rate(new RewardSource.Implicit(policy, reference, 0.1), Aggregate.MEAN, rows, "implied");
        double[] ours = locally(policy, pairs);
        double[] theirs = locally(reference, pairs);
        for (int i = 0; i < 3; i++) {
            assertEquals(
                    0.1 * (ours[2 * i] - theirs[2 * i]),
                    ratings("implied").get(i).get("reward").asDouble(),
                    1e-5);
        }
    }

    @Test
    void membersOfDifferentModelsAreRefused() throws IOException {
        LocalModel one = reward(0.2, 1);
        Path swapped = RandomModel.writeReward(work.resolve("swapped"), 0.2, 1);
        LetterModel.write(swapped);
        Path tokenizer = swapped.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"a\": 3, \"b\": 4", "\"a\": 4, \"b\": 3"));
        LocalModel other =
                LocalModel.ofReward(swapped.toString(), spark.sparkContext().hadoopConfiguration());
        RpoException refused = assertThrows(RpoException.class, () -> ensemble(one, other));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().contains("different vocabularies in tokenizer.json"), refused.getMessage());
    }

    private static String generated(long ordinal, int sample, int[] prompt, int[] completion) {
        return String.format(
                Locale.ROOT,
                "{\"ordinal\": %d, \"sample\": %d, \"prompt_ids\": %s, \"completion_ids\": %s, \"seed\": 1}",
                ordinal,
                sample,
                Arrays.toString(prompt),
                Arrays.toString(completion));
    }

    private static RewardSource ensemble(LocalModel... members) {
        return new RewardSource.Ensemble(List.of(members));
    }

    private LocalModel reward(double scale, long seed) throws IOException {
        Path folder = work.resolve("reward-" + scale + "-" + seed);
        if (Files.notExists(folder)) {
            RandomModel.writeReward(folder, scale, seed);
            LetterModel.write(folder);
        }
        return LocalModel.ofReward(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    private LocalModel language(double scale) throws IOException {
        Path folder = RandomModel.write(work.resolve("policy-" + scale), scale);
        return LocalModel.of(folder.toString(), spark.sparkContext().hadoopConfiguration());
    }

    /** By pairs, chosen before rejected. */
    private static double[] locally(LocalModel model, List<TrainingExample> pairs) {
        ModelDirectory folder = model.open();
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        Parameters weights = Parameters.readOnly(folder.config(), folder.weights(), backend);
        try (ReferenceScorer scorer = new ReferenceScorer(new Decoder(folder.config(), backend), weights)) {
            return scorer.completionLogps(pairs.stream()
                    .map(pair -> new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())))
                    .toList());
        }
    }

    private RateStage.Result rate(RewardSource source, Aggregate aggregate, List<String> rows, String name)
            throws IOException {
        RateSettings settings = new RateSettings(List.of("m"), List.of(write(name, rows)), aggregate, 0, false);
        return stage(source, settings).run(path(name), Progress.NONE);
    }

    private RateStage stage(RewardSource source, RateSettings settings) {
        return new RateStage(
                spark,
                source,
                TemplateChoice.USUAL,
                DataSettings.builder(settings.completions())
                        .format(Optional.empty())
                        .build(),
                new ScoreSettings(Precision.FLOAT32, 40),
                settings,
                path("scores"));
    }

    private String write(String name, List<String> rows) throws IOException {
        return Files.write(work.resolve(name + ".jsonl"), rows).toString();
    }

    private List<JsonNode> ratings(String name) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : lines(work.resolve(name + "/ratings"))) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }

    private static List<String> lines(Path folder) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith("part-"))
                    .sorted()
                    .toList()) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines;
    }

    private org.apache.hadoop.fs.Path path(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }
}
