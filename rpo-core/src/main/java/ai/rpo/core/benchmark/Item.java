package ai.rpo.core.benchmark;

import java.util.List;

/**
 * Holds what a task has read from a row.
 *
 * @param group of rows that one description and one set of examples serve, such as a subject; mostly empty
 * @param description what stands before all examples; mostly empty
 * @param questions as the prompt writes them: one, or one for each continuation where these differ in what comes before
 * @param example the question where the row serves as an example
 * @param answer the same of its answer
 */
record Item(
        String group, String description, List<String> questions, String example, String answer, Solution solution) {

    Item {
        questions = List.copyOf(questions);
    }

    static Item of(String question, String answer, Solution solution) {
        return new Item("", "", List.of(question), question, answer, solution);
    }
}
