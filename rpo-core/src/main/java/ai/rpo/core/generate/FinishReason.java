package ai.rpo.core.generate;

import java.util.Locale;

/** Says why a completion ended. */
public enum FinishReason {
    /** The model ended it. */
    EOS,
    /** A stop string stands in it. */
    STOP,
    /** It has as many tokens as were asked for, or as the model's context has room for. */
    LENGTH;

    /** Returns the reason as it is written in results. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
