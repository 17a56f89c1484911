package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Expression.Arguments;
import java.util.List;
import java.util.Optional;

/** Writes output or changes variables. */
sealed interface Statement {

    record Data(String text) implements Statement {}

    record Print(Expression value) implements Statement {}

    record If(Expression condition, List<Statement> then, List<Statement> otherwise) implements Statement {}

    /**
     * @param targets one name, or several that an item is spread over
     */
    record For(
            List<String> targets,
            Expression items,
            Optional<Expression> condition,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record SetNames(List<String> names, Expression value) implements Statement {}

    record SetAttribute(String namespace, String attribute, Expression value) implements Statement {}

    record SetBlock(String name, List<FilterCall> filters, List<Statement> body) implements Statement {}

    record FilterBlock(List<FilterCall> filters, List<Statement> body) implements Statement {}

    record FilterCall(String name, Arguments arguments) {}

    record Macro(String name, List<Parameter> parameters, List<Statement> body) implements Statement {}

    record Parameter(String name, Optional<Expression> byDefault) {}

    record CallBlock(Expression.Call call, List<Parameter> parameters, List<Statement> body) implements Statement {}

    record With(List<SetNames> variables, List<Statement> body) implements Statement {}

    /** Marks what the assistant wrote; rendered like its body. */
    record Generation(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}
}
