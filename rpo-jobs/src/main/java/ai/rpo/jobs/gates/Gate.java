package ai.rpo.jobs.gates;

import java.util.Map;
import java.util.Optional;

/**
 * A bound that a measured figure must keep.
 *
 * @param name its key under {@code rpo.gates}, which begins with {@code min-} or {@code max-}
 * @param figure what is measured, in words
 * @param limit the least or the most that passes
 */
public record Gate(String name, String figure, double limit) {

    /** Returns the full key. */
    public String key() {
        return "rpo.gates." + name;
    }

    boolean isLeast() {
        return name.startsWith("min-");
    }

    /** Holds the figure that was measured under this gate's name against the limit; one that is missing passes no gate. */
    public Verdict judge(Map<String, Double> figures) {
        return new Verdict(this, Optional.ofNullable(figures.get(name)).filter(Double::isFinite));
    }
}
