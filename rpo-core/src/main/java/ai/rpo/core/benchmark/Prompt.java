package ai.rpo.core.benchmark;

import ai.rpo.core.preference.Message;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds what a model is given before it answers.
 *
 * @param description what stands before all examples; may be empty
 * @param examples questions with their answers
 * @param delimiter between the question and the answer of an example
 */
public record Prompt(String description, List<Example> examples, String delimiter, String question)
        implements Serializable {

    private static final String BETWEEN_EXAMPLES = "\n\n";

    public Prompt {
        examples = List.copyOf(examples);
    }

    /** A question that is answered to show how. */
    public record Example(String question, String answer) implements Serializable {}

    /** Writes it as plain text. */
    public String text() {
        StringBuilder text = new StringBuilder(description);
        for (Example example : examples) {
            text.append(example.question)
                    .append(delimiter)
                    .append(example.answer)
                    .append(BETWEEN_EXAMPLES);
        }
        return text.append(question).toString();
    }

    /** Writes it as a conversation: the description is the system's, each example a turn of the user and one of the assistant. */
    public List<Message> messages() {
        List<Message> messages = new ArrayList<>();
        if (!description.isEmpty()) {
            messages.add(Message.of("system", description));
        }
        for (Example example : examples) {
            messages.add(Message.of("user", example.question));
            messages.add(Message.of("assistant", example.answer));
        }
        messages.add(Message.of("user", question));
        return messages;
    }
}
