package ai.rpo.core.judge;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Holds what a judge said once.
 *
 * @param firstShown name of the candidate whose answer stood first; empty where nobody knows or there was one alone
 * @param verdict what the answer means
 * @param answer the judge's own words
 * @param topLogprobs the likeliest first tokens, where the verdict was taken from them
 * @param missingMass probability of first tokens that spell no label; 0 where the verdict was not taken from them
 */
public record Game(
        String firstShown, Verdict verdict, String answer, List<Answer.TokenLogprob> topLogprobs, double missingMass)
        implements Serializable {

    /** Who is the better one. */
    public enum Verdict {
        MODEL,
        BASELINE,
        TIE,
        /** The answer alone was scored. */
        SCORED,
        /** The judge's answer holds no verdict, or there is none. */
        UNPARSED
    }

    public Game {
        Objects.requireNonNull(firstShown, "firstShown");
        Objects.requireNonNull(verdict, "verdict");
        Objects.requireNonNull(answer, "answer");
        topLogprobs = List.copyOf(topLogprobs);
    }

    /** Calls the model the baseline and the baseline the model. */
    Game flipped() {
        Verdict other =
                switch (verdict) {
                    case MODEL -> Verdict.BASELINE;
                    case BASELINE -> Verdict.MODEL;
                    case TIE, SCORED, UNPARSED -> verdict;
                };
        return new Game(firstShown, other, answer, topLogprobs, missingMass);
    }

    /** A game whose verdict stands in the answer's text. */
    static Game ofText(String firstShown, Verdict verdict, String answer) {
        return new Game(firstShown, verdict, answer, List.of(), 0);
    }
}
