package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.Progress;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real text pairs under a real tokenizer. */
@Tag("shared")
class StoriesDataTest {

    @Test
    void everyRowIsCounted(@TempDir Path folder) throws IOException {
        Path shared = Path.of(System.getProperty("rpo.shared"));
        String model = shared.resolve("models/stories260k").toString();
        DataSettings settings = new DataSettings(
                List.of(shared.resolve("data/tinystories_pairs_train.jsonl").toString()),
                List.of(shared.resolve("data/tinystories_pairs_test.jsonl").toString()),
                0,
                OptionalInt.empty(),
                Optional.empty(),
                StraddlePolicy.SEPARATE,
                Truncation.DROP,
                0.1);
        TargetModel target = new TargetModel(() -> Path.of(model), 512, 512);
        org.apache.hadoop.fs.Path data =
                new org.apache.hadoop.fs.Path(folder.resolve("data").toUri());
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .getOrCreate()) {
            Prepared counts = new PrepareStage(RowKind.PAIRS, settings, target)
                    .run(
                            spark,
                            data,
                            new org.apache.hadoop.fs.Path(
                                    folder.resolve("rejected").toUri()),
                            Progress.NONE);

            assertEquals(896 + 128, counts.rowsIn());
            assertEquals(896, counts.trainRows());
            assertEquals(128, counts.evalRows());
            List<Row> rows = ParquetShards.read(spark, new org.apache.hadoop.fs.Path(data, "train"), PairRows.SCHEMA)
                    .collectAsList();
            assertEquals(
                    896,
                    rows.stream().mapToLong(row -> row.getLong(0)).distinct().count());
            JsonNode report = new ObjectMapper()
                    .readTree(folder.resolve("data/report.json").toFile());
            assertEquals(443_580, report.at("/train/tokens").asInt());
            assertEquals(0, report.at("/train/completions_tokenised_alone").asInt());
            assertEquals(873.0 / 896, report.at("/train/chosen_longer_rate").asDouble());
        }
    }
}
