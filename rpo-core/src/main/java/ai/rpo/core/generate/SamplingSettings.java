package ai.rpo.core.generate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Says how a completion is drawn: each setting means what the one of its name means in transformers'
 * {@code GenerationConfig}.
 *
 * @param maxNewTokens length at which a completion ends unfinished
 * @param temperature divides the logits; 0 takes the likeliest token, whatever {@code topK} and {@code topP} say
 * @param topK draws only among the most likely tokens, this many; 0 for all
 * @param topP draws only among the fewest most likely tokens whose probabilities add up to this; 1 for all
 * @param repetitionPenalty makes tokens that stand in prompt or completion less likely where it is above 1
 */
public record SamplingSettings(int maxNewTokens, double temperature, int topK, double topP, double repetitionPenalty)
        implements Serializable {

    public SamplingSettings {
        List<String> problems = new ArrayList<>();
        if (maxNewTokens < 1) {
            problems.add("max-new-tokens must be at least 1, but is " + maxNewTokens);
        }
        if (!(temperature >= 0 && Double.isFinite(temperature))) {
            problems.add("temperature must be at least 0, but is " + temperature);
        }
        if (topK < 0) {
            problems.add("top-k must be at least 0, but is " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            problems.add("top-p must be above 0 and at most 1, but is " + topP);
        }
        if (!(repetitionPenalty > 0 && Double.isFinite(repetitionPenalty))) {
            problems.add("repetition-penalty must be above 0, but is " + repetitionPenalty);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** The likeliest token each time. */
    public static SamplingSettings greedy(int maxNewTokens) {
        return atTemperature(0, maxNewTokens);
    }

    /** Gives the same settings at another temperature. */
    public SamplingSettings withTemperature(double other) {
        return new SamplingSettings(maxNewTokens, other, topK, topP, repetitionPenalty);
    }

    /** Tokens by the model's own probabilities where {@code temperature} is 1. */
    public static SamplingSettings atTemperature(double temperature, int maxNewTokens) {
        return new SamplingSettings(maxNewTokens, temperature, 0, 1, 1);
    }
}
