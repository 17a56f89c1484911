package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.Progress;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.text.TokenizerFiles;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real data sets under real tokenizers. */
@Tag("shared")
@SparkTest
class RealDataTest {

    private static final Path SHARED = Path.of(System.getProperty("rpo.shared"));

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @Test
    void everyStoryIsCounted() throws IOException {
        Prepared counts = prepare(
                "stories260k",
                512,
                512,
                List.of("tinystories_pairs_train.jsonl"),
                List.of("tinystories_pairs_test.jsonl"));

        assertEquals(new Prepared(896 + 128, 896, 443_580, 128, counts.evalTokens(), 0), counts);
        List<Row> rows =
                ParquetShards.read(spark, hadoop("data/train"), PairRows.SCHEMA).collectAsList();
        assertEquals(
                896, rows.stream().mapToLong(row -> row.getLong(0)).distinct().count());
        JsonNode report = report();
        assertEquals(0, report.at("/train/completions_tokenised_alone").asInt());
        assertEquals(873.0 / 896, report.at("/train/chosen_longer_rate").asDouble());
    }

    @Test
    void theSameConversationsGiveTheSameIdsInEveryFormat() throws IOException {
        Prepared counts = prepare(
                "smollm2-135m-instruct",
                8192,
                49152,
                List.of("sharegpt_dpo_en.json"),
                List.of("ultrafeedback_binarized_schema.parquet"));

        assertEquals(600, counts.rowsIn());
        assertEquals(counts.trainRows(), counts.evalRows());
        assertEquals(counts.trainTokens(), counts.evalTokens());
        List<TrainingExample> ranked = pairs("train");
        List<TrainingExample> binarized = pairs("eval");
        for (int i = 0; i < ranked.size(); i++) {
            assertArrayEquals(ranked.get(i).prompt(), binarized.get(i).prompt());
            assertArrayEquals(ranked.get(i).chosen(), binarized.get(i).chosen());
            assertArrayEquals(ranked.get(i).rejected(), binarized.get(i).rejected());
        }
        assertEquals(600 - counts.trainRows() - counts.evalRows(), counts.rejectedRows());
    }

    private Prepared prepare(String model, int context, int vocabulary, List<String> train, List<String> eval) {
        String modelFolder = SHARED.resolve("models").resolve(model).toString();
        PlainSettings settings = PlainSettings.of(
                        train.stream().map(RealDataTest::data).toArray(Path[]::new))
                .maxRejectedFraction(0.1);
        eval.stream().map(RealDataTest::data).forEach(settings::eval);
        TargetModel target =
                new TargetModel(() -> TokenizerFiles.in(Path.of(modelFolder), List.of()), context, vocabulary);
        return new PrepareStage(RowKind.PAIRS, settings.build(), target)
                .run(spark, hadoop("data"), hadoop("rejected"), Progress.NONE);
    }

    private static Path data(String name) {
        return SHARED.resolve("data").resolve(name);
    }

    private List<TrainingExample> pairs(String split) {
        return ParquetShards.readInOrder(spark, hadoop("data/" + split), PairRows.SCHEMA).collectAsList().stream()
                .map(PairRows::pair)
                .toList();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("data/report.json").toFile());
    }

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
    }
}
