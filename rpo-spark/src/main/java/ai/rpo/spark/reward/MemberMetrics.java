package ai.rpo.spark.reward;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Joins what the members' trainings have written down, a line of JSON a step. */
final class MemberMetrics {

    private static final ObjectMapper JSON = new ObjectMapper();

    private MemberMetrics() {}

    /**
     * Returns all lines, each with the number of its {@code member} in front.
     *
     * @param folder of the members' folders
     */
    static String joined(Path folder, int members, Configuration hadoop) {
        StringBuilder lines = new StringBuilder();
        for (int member = 0; member < members; member++) {
            int which = member;
            Path file = new Path(folder, "member-" + member + "/metrics.jsonl");
            new SmallFile(file, hadoop).read().ifPresent(text -> text.lines()
                    .forEach(line -> lines.append(numbered(which, line, file)).append('\n')));
        }
        return lines.toString();
    }

    private static ObjectNode numbered(int member, String line, Path file) {
        try {
            ObjectNode numbered = JSON.createObjectNode().put("member", member);
            return numbered.setAll((ObjectNode) JSON.readTree(line));
        } catch (JsonProcessingException e) {
            throw RpoException.data("Cannot read " + file + ": " + e.getOriginalMessage()
                    + ". Delete the folder of this member, and train again.");
        }
    }
}
