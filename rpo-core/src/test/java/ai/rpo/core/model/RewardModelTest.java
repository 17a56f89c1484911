package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.TinyModel.Raw;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reward models as folders: read, made of language models, written, refused. */
class RewardModelTest {

    private static final String SCORE = "score.weight";
    private static final float[] NUMBERS = {0.5f, -1, 2, 0.25f};

    private static final String CLASSIFIER = TinyModel.CONFIG.replace(
            "LlamaForCausalLM\"]", "LlamaForSequenceClassification\"], \"id2label\": {\"0\": \"LABEL_0\"}");

    @TempDir
    private Path temp;

    private Path folder(String config, Map<String, Raw> more) throws IOException {
        Map<String, Raw> tensors = TinyModel.tensors();
        tensors.putAll(more);
        return TinyModel.folder(temp.resolve("model"), config, tensors);
    }

    private static Map<String, Raw> score(String name) {
        return Map.of(name, new Raw(List.of(1, 4), NUMBERS));
    }

    @Test
    void aClassifierOfOneLabelIsARewardModel() throws IOException {
        ModelDirectory model = ModelDirectory.openReward(folder(CLASSIFIER, score(SCORE)));
        assertEquals(Optional.of(RewardHead.PLAIN), model.config().reward());
        assertArrayEquals(NUMBERS, head(model));
        assertEquals(List.of(), model.remarks());
    }

    @Test
    void openRlhfsNamesAndNormalisationAreRead() throws IOException {
        String config = TinyModel.CONFIG.replace(
                "LlamaForCausalLM\"]", "RewardModel\"], \"mean\": 0.5, \"std\": 2.0, \"normalize_reward\": false");
        ModelDirectory model = ModelDirectory.openReward(folder(config, score("value_head.weight")));
        assertArrayEquals(NUMBERS, head(model));
        assertEquals(0.75, model.config().reward().orElseThrow().reward(2));
    }

    @Test
    void aLanguageModelGetsAHeadFromTheSeed() throws IOException {
        Path folder = folder(TinyModel.CONFIG, Map.of());
        float[] drawn = head(ModelDirectory.openForRewards(folder, 7));
        assertArrayEquals(drawn, head(ModelDirectory.openForRewards(folder, 7)));
        assertFalse(Arrays.equals(drawn, head(ModelDirectory.openForRewards(folder, 8))));
        assertRefused("as a reward model", () -> ModelDirectory.openReward(folder));
        Path rewards = folder(CLASSIFIER, score(SCORE));
        assertArrayEquals(NUMBERS, head(ModelDirectory.openForRewards(rewards, 7)));
    }

    /** Padding is passed over at the end of a completion, so it must be nothing that ends one. */
    @ParameterizedTest
    @CsvSource({"'', 1", "', \"pad_token_id\": 0', 0", "', \"pad_token_id\": 2', 1", "', \"bos_token_id\": 2', 0"})
    void whatIsToBeTrainedHasPaddingThatEndsNoCompletion(String keys, int padding) throws IOException {
        String more = (keys.contains("bos") ? "" : ", \"bos_token_id\": 1") + keys;
        String config = TinyModel.CONFIG.replace("LlamaForCausalLM\"]", "LlamaForCausalLM\"]" + more);
        ModelDirectory source = ModelDirectory.openForRewards(folder(config, Map.of()), 7);
        assertEquals(
                OptionalInt.of(padding), source.config().reward().orElseThrow().padding());
        Path target = temp.resolve("padded");
        new ModelExport(source, Dtype.F32).write(target, source.weights(), Map.of());
        assertEquals(
                source.config().reward(),
                ModelDirectory.openReward(target).config().reward());
    }

    @Test
    void aDrawnHeadIsNormal() {
        ParameterLayout.Entry entry = new ParameterLayout.Entry(SCORE, 0, List.of(1, 40_000), RowOrder.AS_STORED);
        float[] numbers = new float[40_000];
        new DrawnHead(3, 0.02).read(entry, 0, FloatBuffer.wrap(numbers));
        double mean = 0;
        double square = 0;
        int beyondTwo = 0;
        for (float number : numbers) {
            mean += number / 0.02 / numbers.length;
            square += Math.pow(number / 0.02, 2) / numbers.length;
            beyondTwo += Math.abs(number / 0.02) > 2 ? 1 : 0;
        }
        assertEquals(0, mean, 4 / Math.sqrt(numbers.length));
        assertEquals(1, square, 4 * Math.sqrt(2.0 / numbers.length));
        assertEquals(0.0455, (double) beyondTwo / numbers.length, 4 * Math.sqrt(0.0455 / numbers.length));
        float[] part = new float[5];
        new DrawnHead(3, 0.02).read(entry, 100, FloatBuffer.wrap(part));
        assertArrayEquals(Arrays.copyOfRange(numbers, 100, 105), part);
    }

    @Test
    void isWrittenAsTransformersReadsIt() throws IOException {
        String config = TinyModel.CONFIG.replace(
                "\"LlamaForCausalLM\"]", "\"LlamaForCausalLM\"], \"mean\": 0.5, \"std\": 2.0, \"dtype\": \"float32\"");
        ModelDirectory source = ModelDirectory.openForRewards(folder(config, Map.of()), 7);
        Path target = temp.resolve("written");
        new ModelExport(source, Dtype.F32).write(target, source.weights(), Map.of());
        ModelDirectory written = ModelDirectory.openReward(target);
        assertArrayEquals(head(source), head(written));
        assertEquals(List.of(), written.unusedTensors());
        JsonNode json = JsonObject.MAPPER.readTree(written.configJson());
        assertEquals(
                "LlamaForSequenceClassification",
                json.get("architectures").get(0).asText());
        assertEquals("{\"0\":\"LABEL_0\"}", json.get("id2label").toString());
        assertFalse(json.has("mean") || json.has("std"), "these normalised other weights");
    }

    @ParameterizedTest
    @CsvSource({
        "gpt2, GPT2LMHeadModel, GPT2ForSequenceClassification",
        "llama, RewardModel, LlamaForSequenceClassification",
        "gemma3_text, Gemma3ForCausalLM, Gemma3TextForSequenceClassification",
        "qwen2, Qwen2ForSequenceClassification, Qwen2ForSequenceClassification"
    })
    void theArchitectureIsThatOfItsFamily(String family, String before, String after) {
        JsonObject config = JsonObject.parse(
                "{\"model_type\": \"" + family + "\", \"architectures\": [\"" + before + "\"]}", "config.json");
        var copy = config.copy();
        RewardHead.PLAIN.write(config, copy);
        assertEquals(after, copy.get("architectures").get(0).asText());
    }

    @Test
    void aFamilyWithoutSuchAClassIsNotTrainedToGiveRewards() throws IOException {
        Path folder = folder(TinyModel.CONFIG.replace("\"llama\"", "\"granite\""), Map.of());
        assertEquals("granite", ModelDirectory.open(folder).config().modelType());
        assertRefused(
                "model_type is \"granite\", of which transformers has no class that gives rewards",
                () -> ModelDirectory.openForRewards(folder, 7));
    }

    @Test
    void severalLabelsAreRefused() throws IOException {
        String labels = CLASSIFIER.replace("{\"0\": \"LABEL_0\"}", "{\"0\": \"bad\", \"1\": \"good\"}");
        Path byConfig = folder(labels, score(SCORE));
        assertRefused("id2label", () -> ModelDirectory.openReward(byConfig));
        Path byNumber = folder(CLASSIFIER.replace("\"id2label\"", "\"num_labels\": 3, \"id2label\""), score(SCORE));
        assertRefused("num_labels", () -> ModelDirectory.openReward(byNumber));
        Map<String, Raw> two = Map.of(SCORE, new Raw(List.of(2, 4), new float[8]));
        Path byShape = folder(CLASSIFIER, two);
        assertRefused("a row for each of several labels", () -> ModelDirectory.openReward(byShape));
    }

    @Test
    void aBiasIsRefused() throws IOException {
        Path folder = folder(
                CLASSIFIER,
                Map.of(SCORE, new Raw(List.of(1, 4), NUMBERS), "score.bias", new Raw(List.of(1), new float[1])));
        assertRefused("score.bias", () -> ModelDirectory.openReward(folder));
    }

    @Test
    void aRewardModelIsNoLanguageModel() throws IOException {
        Path folder = folder(CLASSIFIER, score(SCORE));
        assertRefused("gives rewards instead of words", () -> ModelDirectory.open(folder));
        Path missing = folder(CLASSIFIER, Map.of());
        assertRefused("weight score.weight is missing", () -> ModelDirectory.openReward(missing));
    }

    private static float[] head(ModelDirectory model) {
        ParameterLayout.Entry entry = ParameterLayout.of(model.config()).get(SCORE);
        float[] numbers = new float[(int) entry.size()];
        model.weights().read(entry, 0, FloatBuffer.wrap(numbers));
        return numbers;
    }

    private static void assertRefused(String part, Executable open) {
        RpoException refused = assertThrows(RpoException.class, open);
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }
}
