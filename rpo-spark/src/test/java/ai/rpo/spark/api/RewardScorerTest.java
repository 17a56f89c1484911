package ai.rpo.spark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.LetterModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Letters are tokens from 3 on, and the vocabulary ends behind p. */
@SparkTest
class RewardScorerTest {

    private static SparkSession spark;

    @TempDir
    private Path folder;

    private String model;

    @BeforeEach
    void aRewardModelThatReadsLetters() throws IOException {
        Path reward = RandomModel.writeReward(folder.resolve("reward"), 0.5, 3);
        LetterModel.write(reward);
        model = reward.toString();
    }

    @Test
    void completionsGetTheirRewards() {
        Dataset<Row> rows =
                spark.sql("SELECT * FROM VALUES (1, 'ab', 'cd'), (2, 'c', 'xyz') AS t(id, prompt, completion)");
        List<Row> rated = RewardScorer.of(model).transform(rows).orderBy("id").collectAsList();

        assertEquals(
                "id,prompt,completion,reward,unfit",
                String.join(",", rated.get(0).schema().fieldNames()));
        assertEquals(
                rewards(new int[] {1, 3, 4}, new int[] {5, 6, 2})[0],
                rated.get(0).getDouble(3),
                1e-5);
        assertNull(rated.get(0).getString(4));
        assertNull(rated.get(1).get(3));
        assertTrue(rated.get(1).getString(4).startsWith("token-out-of-range: "), rated.toString());
    }

    @Test
    void pairsGetTwo() {
        Dataset<Row> rows = spark.sql("SELECT 'ab' AS prompt, 'cd' AS chosen, 'e' AS rejected");
        Row rated = RewardScorer.of(model).tokensPerBatch(1).transform(rows).first();
        double[] expected = rewards(new int[] {1, 3, 4}, new int[] {5, 6, 2}, new int[] {7, 2});
        assertEquals(expected[0], rated.<Double>getAs("chosen_reward"), 1e-5);
        assertEquals(expected[1], rated.<Double>getAs("rejected_reward"), 1e-5);
    }

    @Test
    void aLanguageModelGivesNoRewards() throws IOException {
        String language = RandomModel.write(folder.resolve("language"), 0.5).toString();
        Dataset<Row> rows = spark.sql("SELECT 'ab' AS prompt, 'cd' AS completion");
        RpoException refused =
                assertThrows(RpoException.class, () -> RewardScorer.of(language).transform(rows));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind(), refused.getMessage());
    }

    private double[] rewards(int[] prompt, int[]... completions) {
        ModelDirectory opened = LocalModel.ofReward(model, spark.sparkContext().hadoopConfiguration())
                .open();
        Backend backend = Backends.create(Precision.FLOAT32, 1);
        Parameters weights = Parameters.readOnly(opened.config(), opened.weights(), backend);
        try (ReferenceScorer scorer = new ReferenceScorer(new Decoder(opened.config(), backend), weights)) {
            return scorer.completionLogps(List.of(new Example(prompt, List.of(completions))));
        }
    }
}
