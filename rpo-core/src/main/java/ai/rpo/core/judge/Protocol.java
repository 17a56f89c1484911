package ai.rpo.core.judge;

import java.util.List;

/** Says how a judge is asked about answers, and what is made of what it says. Both are pure functions. */
public interface Protocol {

    /** The key by which {@code rpo.judge.protocol} names it. */
    String name();

    /** SHA-256 of all prompt texts that it may use, as 64 hexadecimal digits. */
    String promptSha256();

    /** Tells whether answers are held against a baseline's; else each is scored alone. */
    boolean isPairwise();

    /** Tells whether it can judge answers after the first turn. */
    boolean judgesLaterTurns();

    /**
     * Says what to ask; nothing where the answer is known without asking. Keys are unique among the matches of a run.
     */
    List<Question> questions(Match match);

    /**
     * Says what the answers mean.
     *
     * @param answers to {@link #questions} of the same match, in their order
     */
    Judgment judge(Match match, List<Answer> answers);
}
