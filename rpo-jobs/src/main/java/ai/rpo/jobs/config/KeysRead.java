package ai.rpo.jobs.config;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The keys that settings were read from.
 *
 * @param values of all of them, each in one spelling
 * @param costOnly those that change nothing in a result, see {@link ai.rpo.core.CostOnly}
 */
record KeysRead(Map<String, String> values, Set<String> costOnly) {

    KeysRead() {
        this(new TreeMap<>(), new TreeSet<>());
    }
}
