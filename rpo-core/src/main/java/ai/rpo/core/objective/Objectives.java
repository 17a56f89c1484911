package ai.rpo.core.objective;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds the objectives on the class path, this project's and a user's alike. */
public final class Objectives {

    private Objectives() {}

    /**
     * Lists every objective with its default parameters, this project's first.
     *
     * @throws IllegalStateException if one cannot be made or is no record, or if two have the same name
     */
    public static List<Objective> all() {
        Map<String, Objective> found = new LinkedHashMap<>();
        for (Objective objective : load()) {
            if (!objective.getClass().isRecord()) {
                throw new IllegalStateException(
                        objective.getClass().getName() + ", the objective " + objective.name() + ", is no record");
            }
            Objective other = found.putIfAbsent(objective.name(), objective);
            if (other != null) {
                throw new IllegalStateException("two objectives are called " + objective.name() + ": "
                        + other.getClass().getName() + " and "
                        + objective.getClass().getName());
            }
        }
        return List.copyOf(found.values());
    }

    /** Finds the objective of a name, with its default parameters. */
    public static Optional<Objective> named(String name) {
        return all().stream().filter(objective -> objective.name().equals(name)).findFirst();
    }

    private static List<Objective> load() {
        List<Objective> loaded = new ArrayList<>();
        try {
            ServiceLoader.load(Objective.class).forEach(loaded::add);
        } catch (ServiceConfigurationError e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
        return loaded;
    }
}
