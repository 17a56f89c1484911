package ai.rpo.jobs.registry;

import ai.rpo.core.evaluate.Estimate;
import ai.rpo.spark.store.CheckedFiles.Content;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Tells where a version came from, and what is in it.
 *
 * @param version its number
 * @param createdAt when it was registered
 * @param program version of the program that registered it
 * @param source the run directory whose model it is
 * @param startedFrom path of the model that training started from
 * @param parent the version that this path belongs to; null if it is none of the registry's
 * @param fingerprint digest of all that training depended on
 * @param dependsOn the same, name by name
 * @param data the files of rows that it was trained on, those of its parent included, by URI, each with what tells its content
 * @param counts such as {@code train_rows} and {@code steps}
 * @param metrics of the evaluation; empty where there was none
 * @param files what is in the version's folder, {@code resolved.conf} and below {@code model/}
 */
public record Provenance(
        int version,
        String createdAt,
        String program,
        String source,
        String startedFrom,
        Integer parent,
        String fingerprint,
        Map<String, String> dependsOn,
        Map<String, String> data,
        Map<String, Long> counts,
        Map<String, Estimate> metrics,
        Map<String, Content> files) {

    public Provenance {
        Objects.requireNonNull(createdAt, "created_at");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(startedFrom, "started_from");
        Objects.requireNonNull(fingerprint, "fingerprint");
        dependsOn = copy(dependsOn, "depends_on");
        data = copy(data, "data");
        counts = copy(counts, "counts");
        metrics = copy(metrics, "metrics");
        files = copy(files, "files");
    }

    private static <V> Map<String, V> copy(Map<String, V> map, String name) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNull(map, name)));
    }

    /** Finds a metric's mean. */
    public Optional<Double> mean(String metric) {
        return Optional.ofNullable(metrics.get(metric)).map(Estimate::mean);
    }
}
