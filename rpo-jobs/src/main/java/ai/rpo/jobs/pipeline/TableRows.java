package ai.rpo.jobs.pipeline;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import ai.rpo.spark.prepare.KeyedPlaces;
import ai.rpo.spark.store.InputFiles;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Gives what stages have made, as rows of a table that is joined with the data by {@code rpo.data.key}. */
final class TableRows {

    private static final List<String> OF_THE_RUN =
            List.of("ordinal", "prompt_ids", "chosen_ids", "rejected_ids", "completion_ids");

    private final Workplace place;

    TableRows(Workplace place) {
        this.place = place;
    }

    private SparkSession spark() {
        return place.spark().session();
    }

    private List<String> key() {
        return place.settings().data().key();
    }

    /** The key, {@code split}, and log-probabilities with the numbers of their tokens. */
    Dataset<Row> ofScores(Stage score) {
        return List.of("train", "eval").stream()
                .filter(split -> place.run().exists(score.folder() + "/" + split))
                .map(split -> spark().read()
                        .option("pathGlobFilter", "*.parquet")
                        .parquet(place.run().path(score.folder() + "/" + split).toString())
                        .drop(OF_THE_RUN.toArray(String[]::new))
                        .withColumn("split", lit(split)))
                .reduce(Dataset::union)
                .map(this::keyFirst)
                .orElseThrow();
    }

    private Dataset<Row> keyFirst(Dataset<Row> rows) {
        List<String> first = new ArrayList<>(key());
        first.add("split");
        List.of(rows.columns()).stream().filter(name -> !first.contains(name)).forEach(first::add);
        return rows.select(first.stream().map(name -> col(quoted(name))).toArray(Column[]::new));
    }

    private static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** The prompt's key, and completions as {@code generate} writes them. */
    Dataset<Row> ofCompletions(Stage generate, List<String> prompts) {
        Dataset<Row> places = KeyedPlaces.read(spark(), place.tables().asFiles(prompts), key(), true);
        return KeyedPlaces.join(read(generate.product()), places, key());
    }

    /** The completion's key, where there is one, and its reward. */
    Dataset<Row> ofRatings(Stage rate, List<String> completions) {
        Dataset<Row> ratings = read(rate.product());
        return key().isEmpty()
                ? ratings
                : KeyedPlaces.join(
                        ratings, KeyedPlaces.read(spark(), place.tables().asFiles(completions), key(), false), key());
    }

    /** Judgments as {@code judge} writes them. */
    Dataset<Row> ofJudgments() {
        return spark().read()
                .json(place.run().path("judge/judgments").toString())
                .drop("games");
    }

    /** Reads JSON lines, or Parquet. */
    private Dataset<Row> read(String product) {
        String folder = place.run().path(product).toString();
        boolean parquet = InputFiles.resolve(List.of(folder), place.spark().hadoop()).files().stream()
                .anyMatch(file -> file.getPath().getName().endsWith(".parquet"));
        return parquet ? spark().read().parquet(folder) : spark().read().json(folder);
    }
}
