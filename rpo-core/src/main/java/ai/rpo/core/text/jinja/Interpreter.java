package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Expression.Arguments;
import ai.rpo.core.text.jinja.Expression.Comparand;
import ai.rpo.core.text.jinja.Function.Passed;
import ai.rpo.core.text.jinja.Statement.FilterCall;
import ai.rpo.core.text.jinja.Statement.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Renders statements. */
final class Interpreter {

    /** Says how a run of statements ended. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final StringBuilder out;

    Interpreter(StringBuilder out) {
        this.out = out;
    }

    void render(List<Statement> statements, Scope scope) {
        run(statements, scope);
    }

    private Flow run(List<Statement> statements, Scope scope) {
        for (Statement statement : statements) {
            Flow flow = run(statement, scope);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement statement, Scope scope) {
        if (statement instanceof Statement.Data data) {
            out.append(data.text());
        } else if (statement instanceof Statement.Print print) {
            out.append(Values.text(value(print.value(), scope)));
        } else if (statement instanceof Statement.If branch) {
            return run(Values.isTrue(value(branch.condition(), scope)) ? branch.then() : branch.otherwise(), scope);
        } else if (statement instanceof Statement.For loop) {
            loop(loop, scope);
        } else if (statement instanceof Statement.SetNames set) {
            assign(set.names(), value(set.value(), scope), scope);
        } else if (statement instanceof Statement.SetAttribute set) {
            if (!(scope.get(set.namespace()) instanceof Namespace namespace)) {
                throw new TemplateException("cannot set an attribute of '" + set.namespace() + "': it is no namespace");
            }
            if (set.attribute().startsWith("_")) {
                throw new TemplateException("an attribute of a namespace cannot begin with _, as " + set.attribute());
            }
            namespace.attributes().put(set.attribute(), value(set.value(), scope));
        } else if (statement instanceof Statement.SetBlock set) {
            String text = capture(set.body(), new Scope(scope));
            scope.set(set.name(), filtered(text, set.filters(), scope));
        } else if (statement instanceof Statement.FilterBlock block) {
            String text = capture(block.body(), new Scope(scope));
            out.append(Values.text(filtered(text, block.filters(), scope)));
        } else if (statement instanceof Statement.Macro macro) {
            scope.set(macro.name(), macro(macro.name(), macro.parameters(), macro.body(), scope));
        } else if (statement instanceof Statement.CallBlock block) {
            Function caller = macro("caller", block.parameters(), block.body(), scope);
            out.append(Values.text(call(block.call(), Map.of("caller", caller), scope)));
        } else if (statement instanceof Statement.With with) {
            Scope inner = new Scope(scope);
            with.variables().forEach(set -> assign(set.names(), value(set.value(), scope), inner));
            return run(with.body(), inner);
        } else if (statement instanceof Statement.Generation generation) {
            return run(generation.body(), new Scope(scope));
        } else if (statement instanceof Statement.Break) {
            return Flow.BREAK;
        } else if (statement instanceof Statement.Continue) {
            return Flow.CONTINUE;
        }
        return Flow.NEXT;
    }

    private String capture(List<Statement> body, Scope scope) {
        StringBuilder captured = new StringBuilder();
        new Interpreter(captured).run(body, scope);
        return captured.toString();
    }

    private Object filtered(Object value, List<FilterCall> filters, Scope scope) {
        Object result = value;
        for (FilterCall filter : filters) {
            result = Filters.apply(filter.name(), result, passed(filter.arguments(), scope));
        }
        return result;
    }

    private void loop(Statement.For loop, Scope scope) {
        List<Object> items = Values.items(value(loop.items(), scope));
        if (loop.condition().isPresent()) {
            items = items.stream()
                    .filter(item -> {
                        Scope candidate = new Scope(scope);
                        assign(loop.targets(), item, candidate);
                        return Values.isTrue(value(loop.condition().get(), candidate));
                    })
                    .toList();
        }
        LoopState state = new LoopState(items);
        for (int i = 0; i < items.size(); i++) {
            state.moveTo(i);
            Scope body = new Scope(scope);
            body.set("loop", state);
            assign(loop.targets(), items.get(i), body);
            if (run(loop.body(), body) == Flow.BREAK) {
                break;
            }
        }
        if (items.isEmpty()) {
            run(loop.otherwise(), new Scope(scope));
        }
    }

    private static void assign(List<String> names, Object value, Scope scope) {
        if (names.size() == 1) {
            scope.set(names.get(0), value);
            return;
        }
        List<Object> values = Values.items(value);
        if (values.size() != names.size()) {
            throw new TemplateException("cannot assign " + values.size() + " values to " + names.size() + " names");
        }
        for (int i = 0; i < names.size(); i++) {
            scope.set(names.get(i), values.get(i));
        }
    }

    private Function macro(String name, List<Parameter> parameters, List<Statement> body, Scope definedIn) {
        return arguments -> {
            List<String> known =
                    new ArrayList<>(parameters.stream().map(Parameter::name).toList());
            known.add("caller");
            arguments.of("the macro " + name, known);
            if (arguments.positional().size() > parameters.size()) {
                throw new TemplateException("the macro " + name + " takes at most " + parameters.size() + " arguments");
            }
            Scope scope = new Scope(definedIn);
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                Object missing = new Undefined("parameter '" + parameter.name() + "' was not provided");
                Object given = arguments.get(i, parameter.name(), missing);
                boolean takeDefault = given == missing && parameter.byDefault().isPresent();
                scope.set(
                        parameter.name(),
                        takeDefault ? value(parameter.byDefault().get(), scope) : given);
            }
            if (arguments.named().containsKey("caller")) {
                scope.set("caller", arguments.named().get("caller"));
            }
            return capture(body, scope);
        };
    }

    private Object value(Expression expression, Scope scope) {
        if (expression instanceof Expression.Literal literal) {
            return literal.value();
        }
        if (expression instanceof Expression.Name name) {
            return scope.get(name.name());
        }
        if (expression instanceof Expression.ListOf list) {
            return values(list.items(), scope);
        }
        if (expression instanceof Expression.TupleOf tuple) {
            return new Tuple(values(tuple.items(), scope));
        }
        if (expression instanceof Expression.DictOf dict) {
            Map<Object, Object> map = new LinkedHashMap<>();
            dict.entries().forEach(entry -> map.put(value(entry.getKey(), scope), value(entry.getValue(), scope)));
            return map;
        }
        if (expression instanceof Expression.Attribute attribute) {
            return Lookup.attribute(value(attribute.object(), scope), attribute.name());
        }
        if (expression instanceof Expression.Item item) {
            return Lookup.item(value(item.object(), scope), value(item.key(), scope));
        }
        if (expression instanceof Expression.Slice slice) {
            return Lookup.slice(
                    value(slice.object(), scope),
                    slice.start().map(bound -> value(bound, scope)).orElse(null),
                    slice.stop().map(bound -> value(bound, scope)).orElse(null),
                    slice.step().map(bound -> value(bound, scope)).orElse(null));
        }
        if (expression instanceof Expression.Call call) {
            return call(call, Map.of(), scope);
        }
        if (expression instanceof Expression.Filter filter) {
            return Filters.apply(filter.name(), value(filter.value(), scope), passed(filter.arguments(), scope));
        }
        if (expression instanceof Expression.Test test) {
            return Tests.holds(test.name(), value(test.value(), scope), passed(test.arguments(), scope));
        }
        if (expression instanceof Expression.Not not) {
            return !Values.isTrue(value(not.operand(), scope));
        }
        if (expression instanceof Expression.Negative negative) {
            return Arithmetic.negate(value(negative.operand(), scope));
        }
        if (expression instanceof Expression.And and) {
            Object left = value(and.left(), scope);
            return Values.isTrue(left) ? value(and.right(), scope) : left;
        }
        if (expression instanceof Expression.Or or) {
            Object left = value(or.left(), scope);
            return Values.isTrue(left) ? left : value(or.right(), scope);
        }
        if (expression instanceof Expression.Arithmetic sum) {
            return Arithmetic.apply(sum.operator(), value(sum.left(), scope), value(sum.right(), scope));
        }
        if (expression instanceof Expression.Comparison comparison) {
            return compare(comparison, scope);
        }
        if (expression instanceof Expression.Conditional conditional) {
            if (Values.isTrue(value(conditional.condition(), scope))) {
                return value(conditional.then(), scope);
            }
            // No map: of an Optional, a value that is none would be missing.
            return conditional.otherwise().isPresent()
                    ? value(conditional.otherwise().get(), scope)
                    : new Undefined("the condition does not hold and there is no else");
        }
        throw new IllegalStateException("no value for " + expression);
    }

    private Object call(Expression.Call call, Map<String, Object> more, Scope scope) {
        Object function = defined(value(call.function(), scope));
        Passed arguments = passed(call.arguments(), scope);
        arguments.named().putAll(more);
        if (!(function instanceof Function callable)) {
            throw new TemplateException(Values.describe(function) + " cannot be called");
        }
        return callable.call(arguments);
    }

    private boolean compare(Expression.Comparison comparison, Scope scope) {
        Object left = value(comparison.first(), scope);
        for (Comparand comparand : comparison.others()) {
            Object right = value(comparand.value(), scope);
            boolean holds =
                    switch (comparand.operator()) {
                        case "==" -> Values.equal(left, right);
                        case "!=" -> !Values.equal(left, right);
                        case "<" -> Values.compare(defined(left), defined(right)) < 0;
                        case "<=" -> Values.compare(defined(left), defined(right)) <= 0;
                        case ">" -> Values.compare(defined(left), defined(right)) > 0;
                        case ">=" -> Values.compare(defined(left), defined(right)) >= 0;
                        case "in" -> Values.contains(right, left);
                        case "not in" -> !Values.contains(right, left);
                        default -> throw new IllegalStateException(comparand.operator());
                    };
            if (!holds) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Passed passed(Arguments arguments, Scope scope) {
        List<Object> positional = values(arguments.positional(), scope);
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, argument) -> named.put(name, value(argument, scope)));
        return new Passed(positional, named);
    }

    private List<Object> values(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>();
        expressions.forEach(expression -> values.add(value(expression, scope)));
        return values;
    }

    private static Object defined(Object value) {
        if (value instanceof Undefined undefined) {
            throw new TemplateException(undefined.why());
        }
        return value;
    }
}
