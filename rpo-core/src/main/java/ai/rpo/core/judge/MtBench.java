package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Question.Options;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Holds what the two protocols of MT-Bench have in common: which template serves which question, and what goes in its
 * places.
 */
final class MtBench {

    /** Asks as FastChat asks GPT-4. */
    static final Options OPTIONS = new Options(2048, 0, List.of());

    /** Categories whose judge is shown a right answer. */
    private static final Set<String> WITH_REFERENCE = Set.of("math", "reasoning", "coding", "arena-hard-200");

    private final PromptTemplate first;
    private final PromptTemplate firstWithReference;
    private final PromptTemplate second;
    private final PromptTemplate secondWithReference;

    /**
     * @param plain name of the template without a right answer
     * @param math name of the one with it
     * @param answers places of the first turn's templates
     * @param laterAnswers places of the second's
     */
    MtBench(JudgePrompts prompts, String plain, String math, List<String> answers, List<String> laterAnswers) {
        first = prompts.get(plain, with(answers, "question"));
        firstWithReference = prompts.get(math, with(answers, "question", "ref_answer_1"));
        second = prompts.get(plain + "-multi-turn", with(laterAnswers, "question_1", "question_2"));
        secondWithReference = prompts.get(
                math + "-multi-turn", with(laterAnswers, "question_1", "question_2", "ref_answer_1", "ref_answer_2"));
    }

    private static String[] with(List<String> places, String... more) {
        return Stream.concat(places.stream(), Arrays.stream(more)).toArray(String[]::new);
    }

    String sha256() {
        return JudgePrompts.sha256(List.of(first, firstWithReference, second, secondWithReference));
    }

    /**
     * @throws RpoException where the question's category needs a right answer and there is none, or it has more turns
     */
    PromptTemplate template(EvaluationPrompt prompt, int turn) {
        if (turn > 2) {
            throw RpoException.data("Cannot judge turn " + turn + " of prompt " + prompt.id()
                    + ": MT-Bench has two turns. Leave the further turns out.");
        }
        boolean reference = WITH_REFERENCE.contains(prompt.category());
        if (reference && prompt.references().size() < turn) {
            throw RpoException.configuration(
                    "Cannot judge prompt " + prompt.id() + ": the judge is shown a right answer"
                            + " in the category " + prompt.category() + ", and there is none for turn " + turn
                            + ". Name the reference answers in rpo.judge.references.");
        }
        if (turn == 1) {
            return reference ? firstWithReference : first;
        }
        return reference ? secondWithReference : second;
    }

    /** Gives the questions and right answers under the names that the templates have for them. */
    static Map<String, String> places(EvaluationPrompt prompt) {
        Map<String, String> places = new HashMap<>();
        places.put("question", prompt.turns().get(0));
        for (int i = 0; i < prompt.turns().size(); i++) {
            places.put("question_" + (i + 1), prompt.turns().get(i));
        }
        for (int i = 0; i < prompt.references().size(); i++) {
            places.put("ref_answer_" + (i + 1), prompt.references().get(i));
        }
        return places;
    }

    /** Adds a candidate's answers under {@code name}, and under {@code name_1} and so on. */
    static void putAnswers(Map<String, String> places, String name, Contestant contestant) {
        places.put(name, contestant.answers().get(0));
        for (int i = 0; i < contestant.answers().size(); i++) {
            places.put(name + "_" + (i + 1), contestant.answers().get(i));
        }
    }
}
