package ai.rpo.jobs.online;

import ai.rpo.spark.store.RunDirectory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes a round's line of {@code rounds.jsonl}. */
public final class RoundNote {

    private static final ObjectMapper JSON = new ObjectMapper();

    private RoundNote() {}

    /**
     * Gives the line: {@code round}, {@code policy}, its {@code kl} from the first round's reference in nats a completion
     * ({@code mean, low, high}), what {@code pairs/report.json} says of the policy's completions, and the metrics of {@code eval/metrics.json} under {@code eval} where there are any.
     *
     * @param policy path of the model that the round started from
     * @param run a finished round
     */
    public static String of(int round, String policy, RunDirectory run) {
        ObjectNode line = JSON.createObjectNode();
        line.put("round", round);
        line.put("policy", policy);
        line.set("kl", read(run, "distance/results.json").get("reward"));
        line.setAll((ObjectNode) read(run, "pairs/report.json"));
        if (run.exists("eval/metrics.json")) {
            line.set("eval", read(run, "eval/metrics.json"));
        }
        return line + "\n";
    }

    private static JsonNode read(RunDirectory run, String file) {
        try {
            return JSON.readTree(run.file(file).read().orElseThrow());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(run.path(file) + " is not what this project writes", e);
        }
    }
}
