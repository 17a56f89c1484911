package ai.rpo.core.dl4j;

import java.util.Objects;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonAutoDetect;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A linear warm-up over W steps, then a fall over the remaining S − W: at step s (from 0) the peak times (s+1)/W while
 * s &lt; W, after that ½(1+cos(π(s−W)/(S−W))), (S−s)/(S−W) or 1.
 */
@JsonAutoDetect(
        fieldVisibility = JsonAutoDetect.Visibility.ANY,
        getterVisibility = JsonAutoDetect.Visibility.NONE,
        isGetterVisibility = JsonAutoDetect.Visibility.NONE)
public final class LearningRateSchedule implements ISchedule {

    private static final long serialVersionUID = 1L;

    /** The fall after the warm-up. */
    public enum Decay {
        COSINE,
        LINEAR,
        CONSTANT
    }

    private final double peak;
    private final long warmupSteps;
    private final long totalSteps;
    private final Decay decay;

    public LearningRateSchedule(
            @JsonProperty("peak") double peak,
            @JsonProperty("warmupSteps") long warmupSteps,
            @JsonProperty("totalSteps") long totalSteps,
            @JsonProperty("decay") Decay decay) {
        this.peak = peak;
        this.warmupSteps = warmupSteps;
        this.totalSteps = totalSteps;
        this.decay = decay;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return peak * factor(iteration);
    }

    private double factor(long step) {
        if (step < warmupSteps) {
            return (step + 1.0) / warmupSteps;
        }
        return switch (decay) {
            case COSINE -> 0.5 * (1 + Math.cos(Math.PI * (step - warmupSteps) / (totalSteps - warmupSteps)));
            case LINEAR -> (double) (totalSteps - step) / (totalSteps - warmupSteps);
            case CONSTANT -> 1;
        };
    }

    @Override
    public ISchedule clone() {
        return this; // immutable
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LearningRateSchedule that
                && peak == that.peak
                && warmupSteps == that.warmupSteps
                && totalSteps == that.totalSteps
                && decay == that.decay;
    }

    @Override
    public int hashCode() {
        return Objects.hash(peak, warmupSteps, totalSteps, decay);
    }
}
