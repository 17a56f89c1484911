package ai.rpo.core.benchmark;

import java.io.Serializable;
import java.util.List;

/**
 * A row of a task, ready to be asked.
 *
 * @param doc place of the row in its file, from 0
 * @param group such as a subject, whose rows a result may be told apart by; mostly empty
 * @param prompts one, or one for each continuation where these differ in what comes before
 */
public record Question(BenchmarkTask task, int doc, String group, List<Prompt> prompts, Solution solution)
        implements Serializable {

    public Question {
        prompts = List.copyOf(prompts);
    }

    /** The context of a continuation. */
    public Prompt prompt(int continuation) {
        return prompts.get(prompts.size() == 1 ? 0 : continuation);
    }

    /**
     * Lists the texts that are scored after the contexts, one by one.
     *
     * @param asConversation whether the context ends where an assistant's turn begins, so that no space has to come first
     */
    public List<String> continuations(boolean asConversation) {
        String delimiter = asConversation ? "" : task.delimiter();
        return solution instanceof Solution.Choices choices
                ? choices.texts().stream().map(text -> delimiter + text).toList()
                : List.of();
    }
}
