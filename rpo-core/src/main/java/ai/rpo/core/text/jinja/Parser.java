package ai.rpo.core.text.jinja;

import ai.rpo.core.text.jinja.Expression.Arguments;
import ai.rpo.core.text.jinja.Statement.FilterCall;
import ai.rpo.core.text.jinja.Statement.Parameter;
import ai.rpo.core.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Turns tokens into statements. */
final class Parser {

    private static final Set<String> SUPPORTED =
            Set.of("if", "for", "set", "macro", "call", "filter", "with", "generation", "break", "continue");

    private final TokenStream tokens;
    private final ExpressionParser expressions;

    private Parser(List<Token> tokens) {
        this.tokens = new TokenStream(tokens);
        this.expressions = new ExpressionParser(this.tokens);
    }

    static List<Statement> parse(String source) {
        Parser parser = new Parser(Lexer.tokens(source));
        List<Statement> statements = parser.statements(Set.of());
        if (parser.tokens.peek().kind() != Kind.END) {
            throw parser.tokens.error("unexpected end of a block");
        }
        return statements;
    }

    /** Statements up to a block tag with one of these names, which is left to be read. */
    private List<Statement> statements(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (true) {
            switch (tokens.peek().kind()) {
                case DATA -> statements.add(new Statement.Data(tokens.next().text()));
                case VARIABLE_BEGIN -> {
                    tokens.next();
                    statements.add(new Statement.Print(expressions.tuple()));
                    tokens.expect(Kind.VARIABLE_END);
                }
                case BLOCK_BEGIN -> {
                    String name = tokens.peekAfter().text();
                    if (ends.contains(name) || name.startsWith("end")) {
                        return List.copyOf(statements);
                    }
                    tokens.next();
                    statements.add(block());
                }
                default -> {
                    if (!ends.isEmpty()) {
                        throw tokens.error("a block has no " + String.join(" or ", ends));
                    }
                    return List.copyOf(statements);
                }
            }
        }
    }

    private Statement block() {
        Token name = tokens.expect(Kind.NAME);
        return switch (name.text()) {
            case "if" -> ifBlock();
            case "for" -> forBlock();
            case "set" -> set();
            case "macro" -> {
                String macro = tokens.expect(Kind.NAME).text();
                List<Parameter> parameters = parameters();
                yield new Statement.Macro(macro, parameters, bodyUpTo("endmacro"));
            }
            case "call" -> {
                List<Parameter> parameters = tokens.peek().is(Kind.OPERATOR, "(") ? parameters() : List.of();
                if (!(expressions.expression() instanceof Expression.Call call)) {
                    throw tokens.error("a call block needs a call");
                }
                yield new Statement.CallBlock(call, parameters, bodyUpTo("endcall"));
            }
            case "filter" -> {
                List<FilterCall> filters = new ArrayList<>();
                filters.add(filterCall());
                filters.addAll(filterCalls());
                yield new Statement.FilterBlock(filters, bodyUpTo("endfilter"));
            }
            case "with" -> with();
            case "generation" -> new Statement.Generation(bodyUpTo("endgeneration"));
            case "break" -> end(new Statement.Break());
            case "continue" -> end(new Statement.Continue());
            default ->
                throw tokens.error("the tag " + name.text() + " is not one of "
                        + SUPPORTED.stream().sorted().toList());
        };
    }

    private Statement end(Statement statement) {
        tokens.expect(Kind.BLOCK_END);
        return statement;
    }

    private List<Statement> bodyUpTo(String end) {
        tokens.expect(Kind.BLOCK_END);
        List<Statement> body = statements(Set.of(end));
        closeWith(end);
        return body;
    }

    private void closeWith(String end) {
        tokens.expect(Kind.BLOCK_BEGIN);
        Token name = tokens.expect(Kind.NAME);
        if (!name.text().equals(end)) {
            throw tokens.error("expected " + end + ", but found " + name.text());
        }
        // The name of a macro may be repeated.
        if (end.equals("endmacro") && tokens.peek().kind() == Kind.NAME) {
            tokens.next();
        }
        tokens.expect(Kind.BLOCK_END);
    }

    private Statement ifBlock() {
        Expression condition = expressions.tuple();
        tokens.expect(Kind.BLOCK_END);
        List<Statement> then = statements(Set.of("elif", "else", "endif"));
        tokens.expect(Kind.BLOCK_BEGIN);
        String next = tokens.expect(Kind.NAME).text();
        return switch (next) {
            case "elif" -> new Statement.If(condition, then, List.of(ifBlock()));
            case "else" -> new Statement.If(condition, then, bodyUpTo("endif"));
            case "endif" -> end(new Statement.If(condition, then, List.of()));
            default -> throw tokens.error("expected endif, but found " + next);
        };
    }

    private Statement forBlock() {
        List<String> targets = names();
        tokens.expectName("in");
        Expression items = expressions.tupleWithoutConditional();
        Optional<Expression> condition =
                tokens.acceptName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        tokens.expect(Kind.BLOCK_END);
        List<Statement> body = statements(Set.of("else", "endfor"));
        List<Statement> otherwise = List.of();
        if (tokens.peekAfter().text().equals("else")) {
            tokens.next();
            tokens.next();
            otherwise = bodyUpTo("endfor");
        } else {
            closeWith("endfor");
        }
        return new Statement.For(targets, items, condition, body, otherwise);
    }

    private Statement set() {
        String first = tokens.expect(Kind.NAME).text();
        if (tokens.accept(".")) {
            String attribute = tokens.expect(Kind.NAME).text();
            tokens.expect("=");
            return end(new Statement.SetAttribute(first, attribute, expressions.tuple()));
        }
        List<String> names = new ArrayList<>(List.of(first));
        while (tokens.accept(",")) {
            names.add(tokens.expect(Kind.NAME).text());
        }
        if (tokens.accept("=")) {
            return end(new Statement.SetNames(List.copyOf(names), expressions.tuple()));
        }
        return new Statement.SetBlock(first, filterCalls(), bodyUpTo("endset"));
    }

    private Statement with() {
        List<Statement.SetNames> variables = new ArrayList<>();
        while (tokens.peek().kind() == Kind.NAME) {
            String name = tokens.next().text();
            tokens.expect("=");
            variables.add(new Statement.SetNames(List.of(name), expressions.expression()));
            tokens.accept(",");
        }
        return new Statement.With(List.copyOf(variables), bodyUpTo("endwith"));
    }

    private List<String> names() {
        boolean parenthesised = tokens.accept("(");
        List<String> names = new ArrayList<>();
        do {
            names.add(tokens.expect(Kind.NAME).text());
        } while (tokens.accept(","));
        if (parenthesised) {
            tokens.expect(")");
        }
        return List.copyOf(names);
    }

    private List<Parameter> parameters() {
        tokens.expect("(");
        List<Parameter> parameters = new ArrayList<>();
        while (!tokens.accept(")")) {
            String name = tokens.expect(Kind.NAME).text();
            parameters.add(
                    new Parameter(name, tokens.accept("=") ? Optional.of(expressions.expression()) : Optional.empty()));
            if (!tokens.peek().is(Kind.OPERATOR, ")")) {
                tokens.expect(",");
            }
        }
        return List.copyOf(parameters);
    }

    private List<FilterCall> filterCalls() {
        List<FilterCall> filters = new ArrayList<>();
        while (tokens.accept("|")) {
            filters.add(filterCall());
        }
        return List.copyOf(filters);
    }

    private FilterCall filterCall() {
        String name = tokens.expect(Kind.NAME).text();
        Filters.check(name, tokens);
        Arguments arguments = tokens.peek().is(Kind.OPERATOR, "(") ? expressions.arguments() : Arguments.NONE;
        return new FilterCall(name, arguments);
    }
}
