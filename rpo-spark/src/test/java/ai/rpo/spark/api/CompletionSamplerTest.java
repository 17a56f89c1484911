package ai.rpo.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Letters are tokens from 3 on, and the vocabulary ends behind p. */
@SparkTest
class CompletionSamplerTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeEach
    void aModelThatReadsLetters() throws IOException {
        RandomModel.write(folder, 0.5);
        LetterModel.write(folder);
    }

    @Test
    void completionsAreThoseOfAGeneratorInThisThread() {
        Dataset<Row> rows = spark.sql("SELECT * FROM VALUES (1L, 'ab'), (2L, 'z'), (3L, 'hgfe') AS t(id, prompt)");
        List<Row> answered = CompletionSampler.of(folder.toString(), SamplingSettings.greedy(4))
                .transform(rows.repartition(2))
                .orderBy("id")
                .collectAsList();

        assertEquals(
                "id,prompt,completion,completion_ids,finish_reason,unfit",
                String.join(",", answered.get(0).schema().fieldNames()));
        assertAnswer(answered.get(0), greedy(new int[] {1, 3, 4}));
        assertAnswer(answered.get(2), greedy(new int[] {1, 10, 9, 8, 7}));
        assertNull(answered.get(1).get(2));
        assertNull(answered.get(1).get(3));
        assertEquals(
                "token-out-of-range: id 28, the vocabulary ends at 18",
                answered.get(1).getString(5));
    }

    private static void assertAnswer(Row row, Completion expected) {
        assertEquals(Arrays.stream(expected.ids()).boxed().toList(), row.getList(3));
        String letters = Arrays.stream(expected.ids())
                .filter(id -> id > 2)
                .mapToObj(id -> String.valueOf((char) ('a' + id - 3)))
                .collect(Collectors.joining());
        assertEquals(
                letters, row.getString(2).replaceAll("[ ?]", "")); // what the tokenizer puts between and for unknowns
        assertEquals(expected.reason().key(), row.getString(4));
        assertNull(row.getString(5));
    }

    private Completion greedy(int[] prompt) {
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        ModelDirectory model = ModelDirectory.open(folder);
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        try (Generator generator = new Generator(new Decoder(model.config(), backend), weights, 1)) {
            return generator
                    .generate(
                            List.of(new Generator.Request(prompt, 0)).iterator(),
                            SamplingSettings.greedy(4),
                            List.of(2),
                            StopRule.NONE)
                    .next();
        }
    }

    /** However rows lie, and however many are computed at once. */
    @Test
    void aSampleDependsOnItsPromptAndTheSeed() {
        Dataset<Row> rows = spark.range(30).selectExpr("id", "array(1, int(3 + id % 10)) AS prompt_ids");
        CompletionSampler sampler = CompletionSampler.of(folder.toString(), SamplingSettings.atTemperature(1, 6));
        List<Object> one = samples(sampler.atOnce(1).transform(rows.coalesce(1)));

        assertEquals(one, samples(sampler.atOnce(7).transform(rows.repartition(3))));
        assertEquals(one.subList(0, 10), one.subList(20, 30), "equal prompts");
        assertNotEquals(one, samples(sampler.seed(7).transform(rows)));
        assertTrue(one.stream().distinct().count() > 5, "it is no model that says one thing");
    }

    private static List<Object> samples(Dataset<Row> rows) {
        return rows.orderBy("id").collectAsList().stream()
                .map(row -> (Object) row.getList(row.fieldIndex("completion_ids")))
                .toList();
    }

    @Test
    void whatCannotWorkIsSaidBeforeAnyWork() {
        CompletionSampler sampler = CompletionSampler.of(folder.toString(), SamplingSettings.greedy(4));
        var taken = assertThrows(
                RpoException.class, () -> sampler.transform(spark.sql("SELECT 'a' AS prompt, 'b' AS completion")));
        assertTrue(taken.getMessage().startsWith("Cannot add the column completion"), taken.getMessage());
        var none = assertThrows(RpoException.class, () -> sampler.transform(spark.sql("SELECT 1 AS a")));
        assertTrue(none.getMessage().contains("none of its columns (a)"), none.getMessage());
        assertThrows(IllegalArgumentException.class, () -> sampler.atOnce(0));
    }
}
