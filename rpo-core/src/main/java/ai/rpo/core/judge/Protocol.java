package ai.rpo.core.judge;

import java.util.List;

/** Says how a judge is asked about answers, and what is made of what it says. Both are pure functions. */
public interface Protocol {

    /** The key by which {@code rpo.judge.protocol} names it. */
    String name();

    /** SHA-256 of all prompt texts that it may use, as 64 hexadecimal digits. */
    String promptSha256();

    /** Whether answers are held against a baseline's; else each is scored alone. */
    boolean isPairwise();

    /** Whether it can judge answers after the first turn. */
    boolean judgesLaterTurns();

    /** What to ask; nothing where the answer is known without asking. Keys are unique among the matches of a run. */
    List<Question> questions(Match match);

    /**
     * What the answers mean.
     *
     * @param answers to {@link #questions} of the same match, in their order
     */
    Judgment judge(Match match, List<Answer> answers);
}
