package ai.rpo.jobs.config;

import ai.rpo.core.RpoException;
import java.util.Map;
import java.util.TreeMap;

/** Collects all that is wrong with a configuration, so that nobody has to mend it one run at a time. */
final class Problems {

    private final Map<String, String> byKey = new TreeMap<>();

    /**
     * The first problem of a key stands; what follows from it would only confuse.
     *
     * @param key full path, such as {@code rpo.train.epochs}
     * @param text without the key, and without a full stop, such as {@code must be at least 1, but is 0 (a.conf: 3)}
     */
    void add(String key, String text) {
        byKey.putIfAbsent(key, text);
    }

    boolean isEmpty() {
        return byKey.isEmpty();
    }

    /** @throws RpoException if there are any */
    void throwIfAny() {
        if (byKey.isEmpty()) {
            return;
        }
        StringBuilder message = new StringBuilder("Cannot use the configuration: ");
        if (byKey.size() == 1) {
            byKey.forEach(
                    (key, text) -> message.append(key).append(' ').append(text).append('.'));
        } else {
            message.append(byKey.size()).append(" keys are wrong.");
            byKey.forEach((key, text) ->
                    message.append("\n  ").append(key).append(' ').append(text));
        }
        throw RpoException.configuration(message.toString());
    }
}
