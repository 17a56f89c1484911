package ai.rpo.jobs.registry;

import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.Estimate;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * A finished run whose model may be registered.
 *
 * @param source the run directory
 * @param model the folder of the trained model
 * @param startedFrom path of the model that training started from
 * @param trained what training left behind
 * @param prepared what preparing its rows left behind; empty where that was deleted
 * @param metrics of the evaluation
 * @param configuration text of {@code resolved.conf}
 */
public record Candidate(
        Path source,
        Path model,
        String startedFrom,
        Manifest trained,
        Optional<Manifest> prepared,
        Map<String, Estimate> metrics,
        String configuration) {

    /**
     * Reads a run directory.
     *
     * @throws RpoException if training in it is not finished
     */
    public static Candidate of(RunDirectory run) {
        Manifest trained = run.artifact("train")
                .manifest()
                .or(() -> run.artifact("sft/train").manifest())
                .orElseThrow(() -> RpoException.configuration("Cannot register the model of " + run.path()
                        + ": no finished training is there. Run train, or name the run with rpo.output."));
        boolean supervised = trained.stage().equals("sft");
        String configuration = run.file("resolved.conf")
                .read()
                .orElseThrow(() -> RpoException.configuration("Cannot register the model of " + run.path()
                        + ": its resolved.conf is gone, without which nobody can tell how it was made."));
        return new Candidate(
                run.path(),
                run.path("model"),
                modelPath(run, configuration),
                trained,
                run.artifact(supervised ? "sft/data" : "data").manifest(),
                // An evaluation of another model that was here before says nothing of this one.
                run.artifact("eval")
                        .manifest()
                        .filter(evaluated -> evaluated.fingerprint().equals(trained.fingerprint()))
                        .flatMap(evaluated -> run.file("eval/metrics.json").read())
                        .map(text -> metrics(run, text))
                        .orElse(Map.of()),
                configuration);
    }

    private static String modelPath(RunDirectory run, String configuration) {
        try {
            return ConfigFactory.parseString(configuration).getString("rpo.model.path");
        } catch (ConfigException e) {
            throw damaged(run, "resolved.conf", e.getMessage());
        }
    }

    /** Reads {@code eval/metrics.json}, without its counts. */
    private static Map<String, Estimate> metrics(RunDirectory run, String text) {
        Map<String, Estimate> metrics = new LinkedHashMap<>();
        try {
            RegistryJson.read(text, JsonNode.class).fields().forEachRemaining(field -> {
                JsonNode value = field.getValue();
                if (value.isObject()) {
                    metrics.put(
                            field.getKey(),
                            new Estimate(
                                    value.path("mean").asDouble(Double.NaN),
                                    value.path("low").asDouble(Double.NaN),
                                    value.path("high").asDouble(Double.NaN)));
                }
            });
        } catch (IllegalArgumentException e) {
            throw damaged(run, "eval/metrics.json", e.getMessage());
        }
        return metrics;
    }

    private static RpoException damaged(RunDirectory run, String file, String why) {
        return RpoException.data("Cannot register the model of " + run.path() + ": its " + file + " is damaged (" + why
                + "). Run the stage that writes it again.");
    }
}
