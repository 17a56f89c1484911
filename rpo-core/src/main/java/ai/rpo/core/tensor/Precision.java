package ai.rpo.core.tensor;

import java.util.Arrays;
import java.util.Locale;

/** Says to what matrix products may round their inputs; everything else is float32 always. */
public enum Precision {
    FLOAT32,
    BFLOAT16;

    /**
     * Finds one by its {@link #key()}.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Precision of(String key) {
        return Arrays.stream(values())
                .filter(precision -> precision.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "Cannot compute in " + key + ": products are of float32 or bfloat16. Name one of these."));
    }

    /** Gives the name as it is written in configuration. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
