package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Function.Passed;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A chat template, parsed once and rendered many times. Safe for use by several threads. */
public final class JinjaTemplate {

    /** Jinja's own limit on {@code range} in a sandbox. */
    private static final long LONGEST_RANGE = 100_000;

    private final List<Statement> statements;
    private final Clock clock;

    private JinjaTemplate(List<Statement> statements, Clock clock) {
        this.statements = statements;
        this.clock = clock;
    }

    /**
     * @param clock what {@code strftime_now} tells the time by
     * @throws TemplateException naming the line and what is wrong there or not supported
     */
    public static JinjaTemplate parse(String source, Clock clock) {
        return new JinjaTemplate(attempt(() -> Parser.parse(source)), clock);
    }

    /**
     * @param variables made of text, {@link Long}, {@link Double}, {@link Boolean}, null, lists and maps
     * @throws TemplateException where the template raises an error
     */
    public String render(Map<String, ?> variables) {
        Scope globals = new Scope(null);
        globals.set("raise_exception", (Function) JinjaTemplate::raise);
        globals.set("strftime_now", (Function) this::now);
        globals.set("range", (Function) JinjaTemplate::range);
        globals.set("namespace", (Function) arguments -> new Namespace(dictionary("namespace", arguments)));
        globals.set("dict", (Function) arguments -> dictionary("dict", arguments));
        Scope scope = new Scope(globals);
        variables.forEach(scope::set);
        StringBuilder out = new StringBuilder();
        return attempt(() -> {
            new Interpreter(out).render(statements, scope);
            return out.toString();
        });
    }

    /** Whatever a template does wrong is its own error, not its caller's. */
    private static <T> T attempt(Supplier<T> work) {
        try {
            return work.get();
        } catch (TemplateException e) {
            throw e;
        } catch (StackOverflowError e) {
            throw new TemplateException("its macros or values are nested too deeply");
        } catch (RuntimeException e) {
            throw new TemplateException("it cannot be evaluated (" + e + ")", e);
        }
    }

    private static Object raise(Passed arguments) {
        throw new TemplateException(
                Values.text(arguments.of("raise_exception", List.of("message")).require(0, "message")));
    }

    private Object now(Passed arguments) {
        return TimeText.format(
                arguments.of("strftime_now", List.of("format")).text(0, "format"), LocalDateTime.now(clock));
    }

    /** Makes one of another dictionary or of pairs, and of what is given by name. */
    private static Map<Object, Object> dictionary(String function, Passed arguments) {
        Map<Object, Object> made = new LinkedHashMap<>();
        if (arguments.positional().size() > 1) {
            throw new TemplateException(function + " takes at most 1 argument that has no name");
        }
        if (!arguments.positional().isEmpty()) {
            Object given = arguments.positional().get(0);
            List<Object> entries = given instanceof Map<?, ?> map ? Filters.entries(map) : Values.items(given);
            for (Object entry : entries) {
                List<Object> pair = Values.items(entry);
                if (pair.size() != 2) {
                    throw new TemplateException(function + " takes a dictionary or pairs");
                }
                made.put(pair.get(0), pair.get(1));
            }
        }
        made.putAll(arguments.named());
        return made;
    }

    private static Object range(Passed arguments) {
        List<Object> bounds = arguments.atMost(3, "range").positional();
        arguments.require(0, "stop");
        long start = bounds.size() < 2 ? 0 : Values.integer(bounds.get(0));
        long stop = Values.integer(bounds.get(bounds.size() < 2 ? 0 : 1));
        long step = bounds.size() < 3 ? 1 : Values.integer(bounds.get(2));
        if (step == 0) {
            throw new TemplateException("range() needs a step other than 0");
        }
        if (Math.abs((stop - start) / step) > LONGEST_RANGE) {
            throw new TemplateException("range() is longer than " + LONGEST_RANGE);
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            numbers.add(i);
        }
        return numbers;
    }
}
