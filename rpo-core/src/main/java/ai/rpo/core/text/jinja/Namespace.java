package ai.rpo.core.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** Is what {@code namespace()} makes: the only value whose attributes a template can set. */
record Namespace(Map<Object, Object> attributes) {

    Namespace {
        attributes = new LinkedHashMap<>(attributes);
    }
}
