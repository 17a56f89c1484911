package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.JsonRows;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Reads the rows of files whole, on the driver: JSON lines, JSON arrays, either gzipped, or Parquet. */
public final class RowFiles {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Supplier<SparkSession> spark;
    private final Configuration hadoop;

    /** @param spark asked for only where a file is Parquet */
    public RowFiles(Supplier<SparkSession> spark, Configuration hadoop) {
        this.spark = spark;
        this.hadoop = hadoop;
    }

    /**
     * All rows, file after file.
     *
     * @param paths files, folders or globs
     * @throws RpoException where a path stands for no file, or a file cannot be read to its end
     */
    public List<ObjectNode> read(List<String> paths) {
        List<ObjectNode> rows = new ArrayList<>();
        for (FileStatus file : InputFiles.resolve(paths, hadoop).files()) {
            Path path = file.getPath();
            rows.addAll(path.getName().endsWith(".parquet") ? parquet(path) : json(path));
        }
        return rows;
    }

    private List<ObjectNode> json(Path path) {
        byte[] content = new SmallFile(path, hadoop)
                .bytes()
                .orElseThrow(() -> RpoException.configuration(
                        "Cannot read " + path + ": somebody removed it meanwhile. Check the path."));
        return JsonRows.read(path.toString(), content);
    }

    private List<ObjectNode> parquet(Path path) {
        String lines = String.join(
                "\n", spark.get().read().parquet(path.toString()).toJSON().collectAsList());
        List<ObjectNode> rows = JsonRows.read(path.toString(), lines.getBytes(StandardCharsets.UTF_8));
        rows.forEach(RowFiles::restoreMessages);
        return rows;
    }

    /** A prompt that is a list of messages stands as its JSON in the Parquet files that generate writes. */
    private static void restoreMessages(ObjectNode row) {
        String prompt = row.path("prompt").asText("");
        if (prompt.startsWith("[{")) {
            try {
                JsonNode messages = JSON.readTree(prompt);
                if (messages.path(0).has("role")) {
                    row.set("prompt", messages);
                }
            } catch (JsonProcessingException e) {
                // A text that only looks like it.
                return;
            }
        }
    }
}
