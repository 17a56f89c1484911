package ai.rpo.core.tensor;

import java.util.Locale;

/** To what matrix products may round their inputs; everything else is float32 always. */
public enum Precision {
    FLOAT32,
    BFLOAT16;

    /** As it is written in configuration. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
