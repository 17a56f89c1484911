package ai.rpo.core.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Is what has a value. */
sealed interface Expression {

    record Literal(Object value) implements Expression {}

    record Name(String name) implements Expression {}

    record ListOf(List<Expression> items) implements Expression {}

    record TupleOf(List<Expression> items) implements Expression {}

    record DictOf(List<Map.Entry<Expression, Expression>> entries) implements Expression {}

    record Attribute(Expression object, String name) implements Expression {}

    record Item(Expression object, Expression key) implements Expression {}

    record Slice(Expression object, Optional<Expression> start, Optional<Expression> stop, Optional<Expression> step)
            implements Expression {}

    record Call(Expression function, Arguments arguments) implements Expression {}

    record Filter(Expression value, String name, Arguments arguments) implements Expression {}

    record Test(Expression value, String name, Arguments arguments) implements Expression {}

    record Not(Expression operand) implements Expression {}

    record Negative(Expression operand) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    record Arithmetic(String operator, Expression left, Expression right) implements Expression {}

    /** {@code first op₁ x₁ op₂ x₂ …}, which holds if each neighbouring pair does. */
    record Comparison(Expression first, List<Comparand> others) implements Expression {}

    record Comparand(String operator, Expression value) {}

    record Conditional(Expression condition, Expression then, Optional<Expression> otherwise) implements Expression {}

    /** Holds what stands between the parentheses of a call. */
    record Arguments(List<Expression> positional, Map<String, Expression> named) {

        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
