package ai.rpo.jobs.report;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.JsonRows;
import ai.rpo.core.judge.Judgment;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Holds what judging left in a run directory.
 *
 * @param results {@code judge/results.json}
 * @param judgments {@code judge/judgments}
 */
record JudgeArtifacts(JsonNode results, List<Judgment> judgments) {

    /**
     * @return empty where nobody judged
     * @throws RpoException where a file is damaged
     */
    static Optional<JudgeArtifacts> read(Path directory, Configuration hadoop) {
        Path results = new Path(directory, "judge/results.json");
        Path judgments = new Path(directory, "judge/judgments");
        Optional<String> counted = new SmallFile(results, hadoop).read();
        Optional<String> made = new SmallFile(judgments, hadoop).read();
        if (counted.isEmpty() || made.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new JudgeArtifacts(
                    RunArtifacts.JSON.readTree(counted.get()),
                    Annotations.read(
                                    judgments.toString(),
                                    JsonRows.read(
                                            judgments.toString(), made.get().getBytes(StandardCharsets.UTF_8)))
                            .judgments()));
        } catch (JsonProcessingException e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot report on " + results + ": it is damaged. Run the command judge again.",
                    e);
        }
    }
}
