package ai.rpo.core.text.jinja;

import java.util.HashMap;
import java.util.Map;

/** Variables, of which inner ones hide outer ones. */
final class Scope {

    private final Scope outer;
    private final Map<String, Object> variables = new HashMap<>();

    Scope(Scope outer) {
        this.outer = outer;
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.variables.containsKey(name)) {
                return scope.variables.get(name);
            }
        }
        return new Undefined("'" + name + "' is undefined");
    }
}
