package ai.rpo.jobs.online;

import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.store.RunDirectory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Writes a round's line of {@code rounds.jsonl}. */
public final class RoundNote {

    private static final ObjectMapper JSON = new ObjectMapper();

    private RoundNote() {}

    /**
     * Gives the line of a finished round: {@code round}, {@code policy}, its {@code kl} from the first round's reference in nats
     * a completion ({@code mean, low, high}), its {@code gauge} point where it was gauged, what {@code pairs/report.json} says of
     * the policy's completions, and the metrics of {@code eval/metrics.json} under {@code eval} where there are any.
     *
     * @param policy path of the model that the round started from
     * @param gauge the policy's point
     */
    public static String of(int round, String policy, RunDirectory run, Optional<GaugePoint> gauge) {
        ObjectNode line = begin(round, policy, run, gauge);
        line.setAll((ObjectNode) read(run, "pairs/report.json"));
        if (run.exists("eval/metrics.json")) {
            line.set("eval", read(run, "eval/metrics.json"));
        }
        return line + "\n";
    }

    /**
     * Gives the line of the last policy, from which no round has started: the same of its completions without pairs; why there
     * is no further round ({@code ended}: {@code rounds} or {@code turn}), and where the gold reward was highest ({@code best}).
     *
     * @param round number that a further round would have
     * @param policy path of the last round's model
     * @param run has its rated completions
     * @param gauged all rounds
     */
    public static String ofLast(
            int round, String policy, RunDirectory run, Optional<GaugedRounds> gauged, boolean turned) {
        ObjectNode line = begin(round, policy, run, gauged.flatMap(GaugedRounds::model));
        line.put("reward", read(run, "rate/results.json").at("/reward/mean").asDouble());
        line.put("ended", turned ? "turn" : "rounds");
        gauged.flatMap(GaugedRounds::slope).ifPresent(slope -> line.putObject("gold_slope")
                .put("at", gauged.get().distance())
                .put("value", slope.value())
                .put("low", slope.low())
                .put("high", slope.high()));
        gauged.flatMap(GaugedRounds::best).ifPresent(best -> line.putObject("best")
                .put("round", best.round())
                .put("step", best.point().step())
                .put("gold", best.point().gold().orElseThrow().mean()));
        return line + "\n";
    }

    private static ObjectNode begin(int round, String policy, RunDirectory run, Optional<GaugePoint> gauge) {
        ObjectNode line = JSON.createObjectNode();
        line.put("round", round);
        line.put("policy", policy);
        line.set("kl", read(run, "distance/results.json").get("reward"));
        gauge.ifPresent(point -> line.set("gauge", ((ObjectNode) tree(point.toJson())).without("step")));
        return line;
    }

    private static JsonNode read(RunDirectory run, String file) {
        return tree(run.file(file).read().orElseThrow());
    }

    private static JsonNode tree(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not what this project writes: " + text, e);
        }
    }
}
