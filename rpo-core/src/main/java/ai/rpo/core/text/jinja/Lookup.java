package ai.rpo.core.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Attributes, items and slices of values. */
final class Lookup {

    private Lookup() {}

    /** {@code object.name}: a method, or else an item of that name. */
    static Object attribute(Object object, String name) {
        requireDefined(object);
        if (object instanceof LoopState loop) {
            return loop.attribute(name);
        }
        if (object instanceof Namespace namespace) {
            return namespace.attributes().containsKey(name)
                    ? namespace.attributes().get(name)
                    : new Undefined("the namespace has no attribute '" + name + "'");
        }
        Optional<Function> method = Methods.find(object, name);
        if (method.isPresent()) {
            return method.get();
        }
        return object instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : missing(object, name);
    }

    /** {@code object[key]}: an item, or else a method of that name. */
    static Object item(Object object, Object key) {
        requireDefined(object);
        requireDefined(key);
        if (object instanceof Map<?, ?> map && map.containsKey(key)) {
            return map.get(key);
        }
        if (key instanceof Long index && (object instanceof List || object instanceof String)) {
            List<Object> items = Values.items(object);
            long place = index < 0 ? index + items.size() : index;
            return place >= 0 && place < items.size()
                    ? items.get((int) place)
                    : new Undefined(Values.kind(object) + " has no item " + index);
        }
        return key instanceof String name ? attribute(object, name) : missing(object, Values.repr(key));
    }

    /** {@code object[start:stop:step]}, each of which may be null. */
    static Object slice(Object object, Object start, Object stop, Object step) {
        requireDefined(object);
        if (!(object instanceof List) && !(object instanceof String)) {
            throw new TemplateException(Values.kind(object) + " cannot be sliced");
        }
        List<Object> items = Values.items(object);
        long by = step == null ? 1 : Values.integer(step);
        if (by == 0) {
            throw new TemplateException("a slice's step must not be 0");
        }
        int size = items.size();
        long from = bound(start, size, by > 0 ? 0 : size - 1, by);
        long to = bound(stop, size, by > 0 ? size : -1, by);
        List<Object> picked = new ArrayList<>();
        for (long i = from; by > 0 ? i < to : i > to; i += by) {
            picked.add(items.get((int) i));
        }
        if (object instanceof List) {
            return picked;
        }
        StringBuilder text = new StringBuilder();
        picked.forEach(text::append);
        return text.toString();
    }

    private static long bound(Object given, int size, long byDefault, long step) {
        if (given == null) {
            return byDefault;
        }
        long bound = Values.integer(given);
        bound = bound < 0 ? bound + size : bound;
        return step > 0 ? Math.max(0, Math.min(size, bound)) : Math.max(-1, Math.min(size - 1, bound));
    }

    private static Undefined missing(Object object, String name) {
        return new Undefined(Values.kind(object) + " has no attribute '" + name + "'");
    }

    private static void requireDefined(Object value) {
        if (value instanceof Undefined undefined) {
            throw new TemplateException(undefined.why());
        }
    }
}
