package ai.rpo.core.train;

import ai.rpo.core.loss.StepMetrics;
import java.util.LinkedHashMap;
import java.util.Map;

/** One line of {@code train/metrics.jsonl}: TRL's names, and a few of ours. */
public final class MetricsLine {

    private MetricsLine() {}

    /**
     * @param step from 1
     * @param epoch how many epochs lie behind after this step, with fraction
     * @param metrics of all workers joined
     * @param seconds the step took
     */
    public static Map<String, Object> of(
            long step, double epoch, double learningRate, StepMetrics metrics, double seconds) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("epoch", epoch);
        line.putAll(metrics.means());
        line.put("examples", metrics.examples());
        line.put("learning_rate", learningRate);
        line.put("tokens_per_second", metrics.tokens() / seconds);
        return line;
    }
}
