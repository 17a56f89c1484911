package ai.rpo.core.benchmark;

import ai.rpo.core.benchmark.Solution.FinalNumber;
import ai.rpo.core.benchmark.Solution.Program;
import ai.rpo.core.preference.UnfitRowException;
import java.util.List;

/** Rows of the tasks whose answers are written by the model. */
final class GenerationRows {

    /** Tests that the prompt shows and the program has to pass. */
    private static final int SHOWN_TESTS = 3;

    private GenerationRows() {}

    static Item gsm8k(TaskRow row) throws UnfitRowException {
        String answer = row.text("answer");
        return Item.of("Question: " + row.text("question") + "\nAnswer:", answer, new FinalNumber(answer));
    }

    static Item mbpp(TaskRow row) throws UnfitRowException {
        List<String> tests = row.texts("test_list");
        if (tests.size() < SHOWN_TESTS) {
            throw row.wrong("test_list", "at least three tests");
        }
        String shown = String.join("\n", tests.subList(0, SHOWN_TESTS));
        String question = "You are an expert Python programmer, and here is your task: " + row.text("text")
                + " Your code should pass these tests:\n\n" + shown + "\n[BEGIN]\n";
        return Item.of(question, row.text("code") + "\n[DONE]", new Program("", shown));
    }

    static Item humanEval(TaskRow row) throws UnfitRowException {
        String prompt = row.text("prompt");
        String tests = row.text("test") + "\ncheck(" + row.text("entry_point") + ")";
        return Item.of(prompt, tests, new Program(prompt, tests));
    }
}
