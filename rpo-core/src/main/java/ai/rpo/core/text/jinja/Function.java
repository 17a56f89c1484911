package ai.rpo.core.text.jinja;

import java.util.List;
import java.util.Map;

/** A value that can be called. */
@FunctionalInterface
interface Function {

    Object call(Passed arguments);

    /** Arguments of a call, evaluated. */
    record Passed(List<Object> positional, Map<String, Object> named) {

        /** An argument that is given by position or by name. */
        Object get(int position, String name, Object byDefault) {
            if (position < positional.size()) {
                return positional.get(position);
            }
            return named.getOrDefault(name, byDefault);
        }

        Object require(int position, String name) {
            if (position >= positional.size() && !named.containsKey(name)) {
                throw new TemplateException("an argument is missing: " + name);
            }
            return get(position, name, null);
        }

        String text(int position, String name) {
            if (require(position, name) instanceof String text) {
                return text;
            }
            throw new TemplateException("the argument " + name + " must be text");
        }

        long integer(int position, String name, long byDefault) {
            return Values.integer(get(position, name, byDefault));
        }
    }
}
