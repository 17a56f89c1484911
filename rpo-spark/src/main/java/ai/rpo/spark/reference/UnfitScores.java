package ai.rpo.spark.reference;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.score.ExampleScore;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The rows of one partition that are left out since their log-probabilities are no numbers, as JSON lines. */
final class UnfitScores {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ScoredRows kind;
    private final StringBuilder lines = new StringBuilder();

    UnfitScores(ScoredRows kind) {
        this.kind = kind;
    }

    /** @param given whether the row brought its score */
    void add(long ordinal, Example example, ExampleScore score, boolean given) {
        ObjectNode line = JSON.createObjectNode();
        line.put("ordinal", ordinal);
        line.put("reason", given ? "given-logps-not-finite" : "logps-not-finite");
        StringBuilder detail = new StringBuilder();
        for (int c = 0; c < score.logps().length; c++) {
            detail.append(c == 0 ? "" : ", ")
                    .append(String.format(
                            Locale.ROOT, "%s %s", kind.completions().get(c), score.logps()[c]));
        }
        line.put("detail", detail.toString());
        ObjectNode row = line.putObject("row");
        putIds(row, "prompt", example.prompt());
        for (int c = 0; c < score.logps().length; c++) {
            putIds(row, kind.completions().get(c), example.completions().get(c));
        }
        lines.append(line).append('\n');
    }

    private static void putIds(ObjectNode row, String name, int[] ids) {
        ArrayNode array = row.putArray(name + "_ids");
        for (int id : ids) {
            array.add(id);
        }
    }

    /** Writes the file, if there is anything for it; the same partition's file of an attempt before is replaced. */
    void publish(Path folder, String split, int partition, Configuration hadoop) {
        if (!lines.isEmpty()) {
            new SmallFile(new Path(folder, name(split, String.format(Locale.ROOT, "%05d", partition))), hadoop)
                    .write(lines.toString());
        }
    }

    /** Deletes those of a run before. */
    static void delete(Path folder, String split, Configuration hadoop) {
        InputFiles.inFolder(folder.toString(), file -> file.startsWith("score-" + split + "-"), hadoop)
                .files()
                .forEach(file -> Stores.delete(file.getPath(), hadoop));
    }

    /** The names of the files of a split, as a glob. */
    static String names(String split) {
        return name(split, "*");
    }

    private static String name(String split, String partition) {
        return "score-" + split + "-" + partition + ".json";
    }
}
