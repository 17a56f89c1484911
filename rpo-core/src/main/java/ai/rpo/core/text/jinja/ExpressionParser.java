package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Expression.Arguments;
import ai.rpo.core.text.jinja.Expression.Comparand;
import ai.rpo.core.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Turns tokens into expressions, by Jinja's rules of precedence. */
final class ExpressionParser {

    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and", "if", "is", "in", "not");

    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    Expression expression() {
        Expression value = or();
        while (tokens.acceptName("if")) {
            Expression condition = or();
            Optional<Expression> otherwise = tokens.acceptName("else") ? Optional.of(expression()) : Optional.empty();
            value = new Expression.Conditional(condition, value, otherwise);
        }
        return value;
    }

    /** One expression, or several with commas between, which make a tuple. */
    Expression tuple() {
        return rest(expression(), this::expression);
    }

    /** Parses as {@link #tuple}, but an {@code if} after it is not part of it. */
    Expression tupleWithoutConditional() {
        return rest(or(), this::or);
    }

    private Expression rest(Expression first, Supplier<Expression> item) {
        if (!tokens.peek().is(Kind.OPERATOR, ",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.accept(",")) {
            if (endsTuple()) {
                break;
            }
            items.add(item.get());
        }
        return new Expression.TupleOf(List.copyOf(items));
    }

    private boolean endsTuple() {
        Token token = tokens.peek();
        return token.kind() == Kind.VARIABLE_END
                || token.kind() == Kind.BLOCK_END
                || token.is(Kind.OPERATOR, ")")
                || token.is(Kind.NAME, "if");
    }

    private Expression or() {
        Expression left = and();
        while (tokens.acceptName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.acceptName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        return tokens.acceptName("not") ? new Expression.Not(not()) : comparison();
    }

    private Expression comparison() {
        Expression first = sum();
        List<Comparand> others = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                tokens.next();
                others.add(new Comparand(token.text(), sum()));
            } else if (tokens.acceptName("in")) {
                others.add(new Comparand("in", sum()));
            } else if (token.is(Kind.NAME, "not") && tokens.peekAfter().is(Kind.NAME, "in")) {
                tokens.next();
                tokens.next();
                others.add(new Comparand("not in", sum()));
            } else {
                return others.isEmpty() ? first : new Expression.Comparison(first, List.copyOf(others));
            }
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.peek().is(Kind.OPERATOR, "+") || tokens.peek().is(Kind.OPERATOR, "-")) {
            left = new Expression.Arithmetic(tokens.next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (tokens.accept("~")) {
            left = new Expression.Arithmetic("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (tokens.peek().kind() == Kind.OPERATOR
                && Set.of("*", "/", "//", "%").contains(tokens.peek().text())) {
            left = new Expression.Arithmetic(tokens.next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.accept("**")) {
            left = new Expression.Arithmetic("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (tokens.accept("-")) {
            value = new Expression.Negative(unary(false));
        } else if (tokens.accept("+")) {
            value = unary(false);
        } else {
            value = primary();
        }
        value = postfix(value);
        return withFilters ? filtersAndTests(value) : value;
    }

    private Expression primary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Expression.Literal(true);
                    case "false", "False" -> new Expression.Literal(false);
                    case "none", "None" -> new Expression.Literal(null);
                    default -> new Expression.Name(token.text());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.next().text());
                }
                yield new Expression.Literal(text.toString());
            }
            case INTEGER -> new Expression.Literal(integer(token));
            case FLOAT -> new Expression.Literal(Double.parseDouble(token.text().replace("_", "")));
            case OPERATOR ->
                switch (token.text()) {
                    case "(" -> parenthesised();
                    case "[" -> new Expression.ListOf(items("]"));
                    case "{" -> dictionary();
                    default -> throw tokens.error("unexpected " + token.text());
                };
            default -> throw tokens.error("an expression is missing");
        };
    }

    private Number integer(Token token) {
        return NumberText.whole(token.text(), 0)
                .orElseThrow(() -> tokens.error("the number " + token.text() + " cannot be read"));
    }

    private Expression parenthesised() {
        if (tokens.accept(")")) {
            return new Expression.TupleOf(List.of());
        }
        Expression value = tuple();
        tokens.expect(")");
        return value;
    }

    private List<Expression> items(String close) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.accept(close)) {
            items.add(expression());
            if (!tokens.peek().is(Kind.OPERATOR, close)) {
                tokens.expect(",");
            }
        }
        return List.copyOf(items);
    }

    private Expression dictionary() {
        List<Map.Entry<Expression, Expression>> entries = new ArrayList<>();
        while (!tokens.accept("}")) {
            Expression key = expression();
            tokens.expect(":");
            entries.add(Map.entry(key, expression()));
            if (!tokens.peek().is(Kind.OPERATOR, "}")) {
                tokens.expect(",");
            }
        }
        return new Expression.DictOf(List.copyOf(entries));
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.accept(".")) {
                Token name = tokens.next();
                value = name.kind() == Kind.INTEGER
                        ? new Expression.Item(value, new Expression.Literal(integer(name)))
                        : new Expression.Attribute(value, name.text());
            } else if (tokens.accept("[")) {
                value = subscript(value);
            } else if (tokens.peek().is(Kind.OPERATOR, "(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression object) {
        Optional<Expression> start = sliceBound();
        if (tokens.accept("]")) {
            return new Expression.Item(object, start.orElseThrow(() -> tokens.error("a key is missing")));
        }
        tokens.expect(":");
        Optional<Expression> stop = sliceBound();
        Optional<Expression> step = tokens.accept(":") ? sliceBound() : Optional.empty();
        tokens.expect("]");
        return new Expression.Slice(object, start, stop, step);
    }

    private Optional<Expression> sliceBound() {
        boolean missing = tokens.peek().is(Kind.OPERATOR, ":") || tokens.peek().is(Kind.OPERATOR, "]");
        return missing ? Optional.empty() : Optional.of(expression());
    }

    private Expression filtersAndTests(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.accept("|")) {
                String name = tokens.expect(Kind.NAME).text();
                Filters.check(name, tokens);
                Arguments arguments = tokens.peek().is(Kind.OPERATOR, "(") ? arguments() : Arguments.NONE;
                value = postfix(new Expression.Filter(value, name, arguments));
            } else if (tokens.acceptName("is")) {
                value = test(value);
            } else {
                return value;
            }
        }
    }

    private Expression test(Expression value) {
        boolean negated = tokens.acceptName("not");
        String name = tokens.expect(Kind.NAME).text();
        Tests.check(name, tokens);
        Arguments arguments = Arguments.NONE;
        if (tokens.peek().is(Kind.OPERATOR, "(")) {
            arguments = arguments();
        } else if (beginsTestArgument(tokens.peek())) {
            arguments = new Arguments(List.of(postfix(primary())), Map.of());
        }
        Expression test = new Expression.Test(value, name, arguments);
        return negated ? new Expression.Not(test) : test;
    }

    private static boolean beginsTestArgument(Token token) {
        return switch (token.kind()) {
            case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }

    Arguments arguments() {
        tokens.expect("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.accept(")")) {
            if (tokens.peek().kind() == Kind.NAME && tokens.peekAfter().is(Kind.OPERATOR, "=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!tokens.peek().is(Kind.OPERATOR, ")")) {
                tokens.expect(",");
            }
        }
        return new Arguments(List.copyOf(positional), named);
    }
}
