package ai.rpo.jobs.report;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;

/**
 * Holds what a programmed grader found of a policy's own samples; {@code gold.json} of a run.
 *
 * @param prompts unseen prompts that were answered at each epoch
 * @param temperature of the sampling
 * @param epochs mean gold reward at the end of each epoch; epoch 0 is the starting model
 * @param samples some answers of the last epoch
 */
public record GoldRecord(int prompts, double temperature, List<Epoch> epochs, List<Sample> samples) {

    public static final String FILE = "gold.json";

    /** Mean gold reward after {@code epoch} epochs. */
    public record Epoch(int epoch, double gold) {}

    /**
     * @param prompt as text
     * @param answer as text
     * @param finished whether the policy ended the answer itself
     * @param gold its reward
     */
    public record Sample(String prompt, String answer, boolean finished, double gold) {}

    public GoldRecord {
        epochs = List.copyOf(epochs);
        samples = List.copyOf(samples);
    }

    static GoldRecord parse(JsonNode json) {
        try {
            return RunArtifacts.JSON.treeToValue(json, GoldRecord.class);
        } catch (JsonProcessingException | RuntimeException e) {
            throw RpoException.data(String.format(
                    Locale.ROOT, "Cannot read %s: %s. Run the command that wrote it again.", FILE, e.getMessage()));
        }
    }

    double last() {
        return epochs.get(epochs.size() - 1).gold();
    }

    Epoch best() {
        return epochs.stream().max((a, b) -> Double.compare(a.gold(), b.gold())).orElseThrow();
    }

    double at(int epoch) {
        return epochs.stream()
                .filter(e -> e.epoch() == epoch)
                .mapToDouble(Epoch::gold)
                .findFirst()
                .orElse(Double.NaN);
    }
}
