package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import java.io.Serializable;
import java.util.function.UnaryOperator;

/**
 * The key of a server. It comes from an environment variable of the driver, travels to executors within Spark's tasks, and is
 * shown to nobody but the server.
 */
final class EndpointKey implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final String SHOWN = "(key)";

    private final String key;

    private EndpointKey(String key) {
        this.key = key;
    }

    /**
     * @param variable its name
     * @param environment value of a variable; null where there is none
     * @throws RpoException if there is no key in it
     */
    static EndpointKey of(String variable, UnaryOperator<String> environment) {
        String value = environment.apply(variable);
        if (value == null || value.isBlank()) {
            throw RpoException.configuration("Cannot ask the judge: the environment has no variable " + variable
                    + " with a key in it. Set it where the job is started, or leave out rpo.judge.endpoint.key-env.");
        }
        String key = value.strip();
        // Java would repeat a header that it refuses.
        if (!key.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw RpoException.configuration("Cannot ask the judge: the environment variable " + variable
                    + " holds blanks or letters that no key has. Check it.");
        }
        return new EndpointKey(key);
    }

    String header() {
        return "Bearer " + key;
    }

    /** A text of the server, in which nothing is left of the key. */
    String removedFrom(String text) {
        return text.replace(key, SHOWN);
    }

    @Override
    public String toString() {
        return SHOWN;
    }
}
