package ai.rpo.core.judge;

/** Reads what judges said, for people. */
final class Answers {

    private Answers() {}

    /** The judge's words, or why there are none. */
    static String words(Answer answer) {
        return answer.text().isEmpty() ? answer.note() : answer.text();
    }
}
