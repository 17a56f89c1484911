package ai.rpo.jobs.retrain;

import ai.rpo.jobs.registry.Version;
import ai.rpo.jobs.retrain.RetrainSettings.Start;
import ai.rpo.spark.store.InputFiles;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * What one night is to learn, and from where.
 *
 * @param production number of the version that is in production when it begins; 0 for none
 * @param model path of the model that it starts from
 * @param files of rows that it trains on
 * @param news how many of them are new to the version in production, or have changed since
 */
public record Night(int production, String model, List<String> files, int news) {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public Night {
        files = List.copyOf(files);
    }

    /**
     * Holds the data against those that the version in production knows, its parents' included.
     *
     * @param base path of the model that starts where nothing is in production
     */
    public static Night plan(
            InputFiles data, Optional<Version> production, String base, Start from, Configuration hadoop) {
        Map<String, String> known =
                production.map(version -> version.provenance().data()).orElse(Map.of());
        InputFiles fresh = data.without(known, hadoop);
        Optional<Version> start = production.filter(version -> from == Start.PRODUCTION);
        return new Night(
                production.map(Version::number).orElse(0),
                start.map(version -> version.model().toString()).orElse(base),
                names(start.isPresent() ? fresh : data),
                fresh.files().size());
    }

    /**
     * Gives the text of {@code night.json}; nights with the same text are the same one.
     *
     * @param fingerprint of all that its model and what is measured of it depend on
     */
    public String text(String fingerprint) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("production", production);
        fields.put("model", model);
        fields.put("files", files);
        fields.put("fingerprint", fingerprint);
        try {
            return JSON.writeValueAsString(fields) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> names(InputFiles files) {
        return files.files().stream()
                .map(FileStatus::getPath)
                .map(String::valueOf)
                .toList();
    }
}
