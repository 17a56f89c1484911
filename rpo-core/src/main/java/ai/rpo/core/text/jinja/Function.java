package ai.rpo.core.text.jinja;

import java.util.List;
import java.util.Map;

/** A value that can be called. */
@FunctionalInterface
interface Function {

    Object call(Passed arguments);

    /** Arguments of a call, evaluated. */
    record Passed(List<Object> positional, Map<String, Object> named) {

        /**
         * These arguments, of a function with such parameters.
         *
         * @throws TemplateException where it does not take one of them
         */
        Passed of(String function, List<String> parameters) {
            requireAtMost(function, parameters.size());
            named.keySet().forEach(name -> {
                int place = parameters.indexOf(name);
                if (place < 0) {
                    throw new TemplateException(function + " takes no argument " + name);
                }
                if (place < positional.size()) {
                    throw new TemplateException(function + " is given the argument " + name + " twice");
                }
            });
            return this;
        }

        /** Requires at most so many arguments, and none of them by its name. */
        Passed atMost(int most, String function) {
            requireAtMost(function, most);
            named.keySet().forEach(name -> {
                throw new TemplateException(function + " takes no argument by name, but is given " + name);
            });
            return this;
        }

        private void requireAtMost(String function, int most) {
            if (positional.size() > most) {
                throw new TemplateException(
                        function + " takes at most " + most + " arguments, but is given " + positional.size());
            }
        }

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
