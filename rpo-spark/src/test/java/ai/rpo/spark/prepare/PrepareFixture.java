package ai.rpo.spark.prepare;

import ai.rpo.core.Progress;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.dataset.ParquetShards;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A folder with inputs, {@link LetterModel}'s model, and what preparing the inputs leaves: {@code data}, {@code rejected}. */
final class PrepareFixture {

    private final SparkSession spark;
    private final Path folder;
    private final TargetModel model;

    PrepareFixture(SparkSession spark, Path folder) {
        this.spark = spark;
        this.folder = folder;
        this.model = LetterModel.write(folder.resolve("model"));
    }

    SparkSession spark() {
        return spark;
    }

    TargetModel model() {
        return model;
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(path(name).toUri());
    }

    Prepared prepare(Path input) {
        return prepare(PlainSettings.of(input).build());
    }

    Prepared prepare(DataSettings settings) {
        return prepare(settings, RowKind.PAIRS, model);
    }

    Prepared prepare(DataSettings settings, RowKind kind, TargetModel target) {
        return new PrepareStage(kind, settings, target).run(spark, hadoop("data"), hadoop("rejected"), Progress.NONE);
    }

    /** A row of texts. */
    static String pair(String prompt, String chosen, String rejected) {
        return "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}".formatted(prompt, chosen, rejected);
    }

    /** A prompt of two letters, which tell pairs apart, a chosen completion of three and a rejected one of two. */
    static String pair(int i) {
        return pair("%c%c".formatted((char) ('a' + i % 26), (char) ('a' + i / 26)), "abc", "de");
    }

    Path lines(String name, List<String> rows) throws IOException {
        Files.createDirectories(path(name).getParent());
        return Files.write(path(name), rows);
    }

    Path lines(String name, String... rows) throws IOException {
        return lines(name, List.of(rows));
    }

    Path parquet(String name, List<String> rows) throws IOException {
        Path json = lines("rows.jsonl", rows);
        Path shards = path("shards");
        spark.read().json(json.toString()).coalesce(1).write().mode("overwrite").parquet(shards.toString());
        try (Stream<Path> files = Files.list(shards)) {
            Path shard = files.filter(file -> file.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
            Files.createDirectories(path(name).getParent());
            return Files.write(path(name), Files.readAllBytes(shard));
        }
    }

    static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    /** @param split {@code train} or {@code eval} */
    List<Row> rows(String split) {
        return ParquetShards.readInOrder(spark, hadoop("data/" + split), PairRows.SCHEMA)
                .collectAsList();
    }

    List<TrainingExample> pairs(String split) {
        return rows(split).stream().map(PairRows::pair).toList();
    }

    /** Ordinal, prompt, chosen and rejected of each pair to train on. */
    List<String> pairsAsText() {
        return pairs("train").stream()
                .map(pair -> pair.ordinal() + " " + Arrays.toString(pair.prompt()) + " "
                        + Arrays.toString(pair.chosen()) + " " + Arrays.toString(pair.rejected()))
                .toList();
    }

    JsonNode report() throws IOException {
        return new ObjectMapper().readTree(path("data/report.json").toFile());
    }

    /** In the input's order. */
    List<JsonNode> rejected() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (Stream<Path> files = Files.list(path("rejected"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                for (String line : Files.readAllLines(file)) {
                    rows.add(new ObjectMapper().readTree(line));
                }
            }
        }
        return rows;
    }

    /** Lines by reason. */
    Map<String, List<Integer>> rejectedLines() throws IOException {
        return rejected().stream()
                .collect(Collectors.groupingBy(
                        row -> row.get("reason").asText(),
                        TreeMap::new,
                        Collectors.mapping(row -> row.get("line").asInt(), Collectors.toList())));
    }
}
