package ai.rpo.core.judge;

import ai.rpo.core.judge.Game.Verdict;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a judge's words, as FastChat's llm_judge reads them. */
final class Verdicts {

    /** Bounds the difference of two ratings up to which they are a tie. */
    private static final double RATING_TIE = 0.1;

    private static final Pattern RATING = Pattern.compile("\\[\\[(\\d+\\.?\\d*)\\]\\]");
    private static final Pattern LOOSE_RATING = Pattern.compile("\\[(\\d+\\.?\\d*)\\]");
    private static final Pattern RATINGS = Pattern.compile("\\[\\[(\\d+\\.?\\d*),\\s?(\\d+\\.?\\d*)\\]\\]");
    private static final Pattern LOOSE_RATINGS = Pattern.compile("\\[(\\d+\\.?\\d*),\\s?(\\d+\\.?\\d*)\\]");

    private Verdicts() {}

    /** The first of {@code [[A]]}, {@code [[B]]}, {@code [[C]]} that stands anywhere, asked for in this order. */
    static Verdict ofLetters(String answer, boolean modelIsFirst) {
        if (answer.contains("[[A]]")) {
            return winner(true, modelIsFirst);
        }
        if (answer.contains("[[B]]")) {
            return winner(false, modelIsFirst);
        }
        return answer.contains("[[C]]") ? Verdict.TIE : Verdict.UNPARSED;
    }

    /** Gives the higher one of two ratings such as {@code [[7, 9]]}, where they differ by more than 0.1. */
    static Verdict ofRatings(String answer, boolean modelIsFirst) {
        Matcher ratings = RATINGS.matcher(answer);
        if (!ratings.find()) {
            ratings = LOOSE_RATINGS.matcher(answer);
            if (!ratings.find()) {
                return Verdict.UNPARSED;
            }
        }
        double difference = Double.parseDouble(ratings.group(1)) - Double.parseDouble(ratings.group(2));
        return Math.abs(difference) <= RATING_TIE ? Verdict.TIE : winner(difference > 0, modelIsFirst);
    }

    /** The first rating in double brackets, else the first in single ones. */
    static OptionalDouble rating(String answer) {
        for (Pattern pattern : new Pattern[] {RATING, LOOSE_RATING}) {
            Matcher rating = pattern.matcher(answer);
            if (rating.find()) {
                return OptionalDouble.of(Double.parseDouble(rating.group(1)));
            }
        }
        return OptionalDouble.empty();
    }

    static Verdict winner(boolean firstWins, boolean modelIsFirst) {
        return firstWins == modelIsFirst ? Verdict.MODEL : Verdict.BASELINE;
    }
}
