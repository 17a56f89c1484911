package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Verifier.Grade;
import ai.rpo.core.judge.Verifier.Submission;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Finds verifiers by name: three that are built in, and those of jars on the class path. */
public final class Verifiers {

    private static final String REGULAR_EXPRESSION = "regular-expression";

    private static final Pattern NUMBER = Pattern.compile("[-−]?(?:\\d[\\d,]*(?:\\.\\d+)?|\\.\\d+)");

    private Verifiers() {}

    /** One that is written as a function. */
    private record Named(String name, Function<Submission, Grade> grading) implements Verifier {

        @Override
        public Grade verify(Submission submission) {
            return grading.apply(submission);
        }
    }

    /**
     * The verifier of that name.
     *
     * @param pattern for {@code regular-expression}
     * @param jars loads the classes of jars
     * @throws RpoException where there is none, or its pattern cannot be used
     */
    public static Verifier get(String name, Optional<String> pattern, ClassLoader jars) {
        List<Verifier> known = new ArrayList<>(List.of(
                new Named("exact-match", Verifiers::exactMatch),
                new Named("number", Verifiers::number),
                new Named(REGULAR_EXPRESSION, submission -> {
                    throw new IllegalStateException("no pattern");
                })));
        try {
            ServiceLoader.load(Verifier.class, jars).forEach(known::add);
        } catch (ServiceConfigurationError e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot load verifiers: " + e.getMessage() + ". Check the jars of --jars and what they name in"
                            + " META-INF/services/" + Verifier.class.getName() + ".",
                    e);
        }
        List<Verifier> named =
                known.stream().filter(verifier -> verifier.name().equals(name)).toList();
        if (named.size() != 1) {
            throw RpoException.configuration("Cannot judge by the verifier " + name + ": "
                    + (named.isEmpty() ? "there is none of that name" : named.size() + " are called so") + ", only "
                    + String.join(", ", known.stream().map(Verifier::name).toList())
                    + ". Give one of these in rpo.judge.program.verifier, or the jar of another in --jars.");
        }
        if (name.equals(REGULAR_EXPRESSION)) {
            Pattern compiled = compile(pattern);
            return new Named(name, submission -> regularExpression(compiled, submission));
        }
        return named.get(0);
    }

    private static Pattern compile(Optional<String> pattern) {
        try {
            return Pattern.compile(pattern.orElseThrow(() -> RpoException.configuration(
                    "Cannot judge by regular-expression: there is none. Give it in rpo.judge.program.pattern.")));
        } catch (PatternSyntaxException e) {
            throw new RpoException(
                    RpoException.Kind.CONFIGURATION,
                    "Cannot judge by regular-expression: "
                            + e.getMessage().lines().findFirst().orElse("") + ". Correct rpo.judge.program.pattern.",
                    e);
        }
    }

    private static Grade exactMatch(Submission submission) {
        String right = reference(submission).strip();
        return Grade.of(submission.answer().strip().equals(right), "");
    }

    private static Grade number(Submission submission) {
        BigDecimal right = lastNumber(reference(submission))
                .orElseThrow(() -> RpoException.data(
                        "Cannot grade by number: a right answer holds none (" + quoted(reference(submission))
                                + "). Correct it, or name another rpo.judge.program.verifier."));
        return lastNumber(submission.answer())
                .map(given -> Grade.of(given.compareTo(right) == 0, given.toPlainString()))
                .orElse(new Grade(0, "no number"));
    }

    private static Grade regularExpression(Pattern pattern, Submission submission) {
        Optional<String> found = find(pattern, submission.answer());
        if (found.isEmpty()) {
            return new Grade(0, "not found");
        }
        boolean right = submission.reference().isEmpty()
                || found.get()
                        .equals(find(pattern, submission.reference().get())
                                .orElse(submission.reference().get().strip()));
        return Grade.of(right, found.get());
    }

    /** The last match: models come to their answer at the end. */
    private static Optional<String> find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        Optional<String> found = Optional.empty();
        while (matcher.find()) {
            String group = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
            found = Optional.ofNullable(group).map(String::strip);
        }
        return found;
    }

    private static Optional<BigDecimal> lastNumber(String text) {
        Matcher matcher = NUMBER.matcher(text);
        Optional<BigDecimal> last = Optional.empty();
        while (matcher.find()) {
            last = Optional.of(new BigDecimal(matcher.group().replace(",", "").replace('−', '-')));
        }
        return last;
    }

    private static String reference(Submission submission) {
        return submission
                .reference()
                .orElseThrow(() -> RpoException.data("Cannot grade an answer: the prompt has no right answer ("
                        + quoted(submission.turns().get(submission.turns().size() - 1))
                        + "). Give the prompts right answers, or use a verifier that needs none."));
    }

    private static String quoted(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return "\"" + (line.length() <= 80 ? line : line.substring(0, 80) + "…") + "\"";
    }
}
