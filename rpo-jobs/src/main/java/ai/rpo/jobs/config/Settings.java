package ai.rpo.jobs.config;

import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.train.Precision;
import ai.rpo.core.train.TrainSettings;
import java.util.Map;
import java.util.Optional;

/**
 * The keys under {@code rpo}, as the stages take them.
 *
 * @param output the run directory
 * @param overwrite whether artifacts made with other settings may be replaced
 * @param precision of scoring and training alike
 * @param model {@code rpo.model}
 * @param objective {@code rpo.objective}
 * @param train {@code rpo.train}
 */
public record Settings(
        Optional<String> output,
        boolean overwrite,
        Precision precision,
        ModelSettings model,
        RpoObjective objective,
        TrainSettings train) {

    /**
     * The model that training starts from.
     *
     * @param path a folder in Hugging Face layout, at any Hadoop path
     */
    public record ModelSettings(Optional<String> path) {}
}
