package ai.rpo.jobs.config;

import ai.rpo.core.RpoException;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Objectives;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;

/** Knows the keys of {@code rpo.objective}, which depend on {@code rpo.objective.name} and on the objectives on the class path. */
final class ObjectiveKeys {

    /** Begins the origin of a default that {@code reference.conf} does not know. */
    static final String ORIGIN = "default of the objective ";

    private static final String PATH = "rpo.objective";

    private ObjectiveKeys() {}

    /**
     * Lists the objectives with their default parameters.
     *
     * @throws RpoException if those on the class path cannot be used
     */
    static List<Objective> objectives() {
        try {
            return Objectives.all();
        } catch (IllegalStateException e) {
            throw RpoException.configuration("Cannot use the objectives on the class path: " + e.getMessage()
                    + ". Mend or remove the jar that brings it.");
        }
    }

    /** Lists the keys of an objective below {@code rpo.objective}, the name left out. */
    static List<String> of(Objective objective) {
        return Arrays.stream(objective.getClass().getRecordComponents())
                .map(component -> Section.key(objective.getClass(), component))
                .toList();
    }

    /** Gives every key of every objective with its default, for what {@code reference.conf} lacks. */
    static Config defaults() {
        Config defaults = ConfigFactory.empty();
        for (Objective objective : objectives()) {
            for (RecordComponent component : objective.getClass().getRecordComponents()) {
                String key = PATH + "." + Section.key(objective.getClass(), component);
                if (!defaults.hasPathOrNull(key)) {
                    String value = Values.spelled(value(objective, component));
                    defaults = defaults.withValue(
                            key,
                            ConfigValueFactory.fromAnyRef(value.isEmpty() ? null : value, ORIGIN + objective.name()));
                }
            }
        }
        return defaults;
    }

    private static Object value(Objective objective, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(objective);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }
}
