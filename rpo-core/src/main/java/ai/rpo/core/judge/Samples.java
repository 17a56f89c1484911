package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Holds what one model answered to a prompt, several times, and has a judge's verdicts become a reward of each answer: its grade
 * where answers are judged alone; else the share of the prompt's other answers that it wins against, a tie counting half.
 *
 * @param ordinal the place of the prompt's row
 * @param prompt what was asked, with the right answer where there is one
 * @param numbers of the samples, rising
 * @param answers as many, in their order
 */
public record Samples(long ordinal, EvaluationPrompt prompt, List<Integer> numbers, List<String> answers) {

    public Samples {
        numbers = List.copyOf(numbers);
        answers = List.copyOf(answers);
    }

    /** One sample of a prompt, as its row has it. */
    private record Sample(int number, String answer) {}

    /**
     * Groups what {@code rpo generate} wrote by prompt, in the prompts' order.
     *
     * @param source what to call the rows in messages
     * @param references right answers by the prompt's text, one a turn
     * @throws RpoException where a row has no text of a prompt or of a completion
     */
    public static List<Samples> read(String source, List<ObjectNode> rows, Map<String, List<String>> references) {
        Map<Long, String> prompts = new TreeMap<>();
        Map<Long, List<Sample>> samples = new LinkedHashMap<>();
        for (ObjectNode row : rows) {
            long ordinal = row.path("ordinal").asLong();
            prompts.computeIfAbsent(ordinal, key -> promptOf(source, row));
            samples.computeIfAbsent(ordinal, key -> new ArrayList<>())
                    .add(new Sample(
                            row.path("sample").asInt(), row.get("completion").textValue()));
        }
        List<Samples> grouped = new ArrayList<>();
        prompts.forEach((ordinal, text) -> {
            List<Sample> ofPrompt = samples.get(ordinal);
            ofPrompt.sort(Comparator.comparingInt(Sample::number));
            grouped.add(new Samples(
                    ordinal,
                    new EvaluationPrompt(
                            grouped.size(),
                            String.valueOf(ordinal),
                            List.of(text),
                            "",
                            references.getOrDefault(text, List.of())),
                    ofPrompt.stream().map(Sample::number).toList(),
                    ofPrompt.stream().map(Sample::answer).toList()));
        });
        return grouped;
    }

    private static String promptOf(String source, ObjectNode row) {
        try {
            if (row.hasNonNull("prompt") && row.path("completion").isTextual()) {
                return Candidate.prompt(row.get("prompt"));
            }
        } catch (IllegalArgumentException e) {
            // A message whose content is no text.
        }
        throw RpoException.data("Cannot judge the completions of " + source + ": the row with ordinal "
                + row.path("ordinal")
                + " lacks a text for prompt or completion, and a judge reads words. Give prompts in"
                + " words, and a model that has a tokenizer.");
    }

    /**
     * Reads right answers out of rows with a prompt and a {@code reference}; rows without one are passed over.
     *
     * @param source what to call the rows in messages
     * @throws RpoException where a prompt has two different ones
     */
    public static Map<String, List<String>> references(String source, List<ObjectNode> rows) {
        Map<String, List<String>> references = new LinkedHashMap<>();
        for (ObjectNode row : rows) {
            List<String> right = QuestionRows.strings(row.path("reference"));
            List<String> turns = right.isEmpty() ? List.of() : QuestionRows.turns(row);
            if (!turns.isEmpty()) {
                String prompt = String.join("\n\n", turns);
                List<String> before = references.putIfAbsent(prompt, right);
                if (before != null && !before.equals(right)) {
                    throw RpoException.data("Cannot use the right answers of " + source + ": the prompt "
                            + Annotations.quoted(prompt) + " has two, " + before + " and " + right
                            + ". Leave one of them out.");
                }
            }
        }
        return references;
    }

    /** Says what a judge has to decide: each answer alone, or every two that differ. */
    public List<Match> matches(Protocol protocol) {
        List<Match> matches = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            if (!protocol.isPairwise()) {
                matches.add(new Match(prompt, 1, contestant(i), Optional.empty()));
            }
            for (int j = i + 1; protocol.isPairwise() && j < answers.size(); j++) {
                if (!answers.get(i).equals(answers.get(j))) {
                    matches.add(new Match(prompt, 1, contestant(i), Optional.of(contestant(j))));
                }
            }
        }
        return matches;
    }

    private Contestant contestant(int i) {
        return new Contestant(String.valueOf(numbers.get(i)), List.of(answers.get(i)));
    }

    /**
     * Makes the rewards, one a sample in their order.
     *
     * @param judgments on {@link #matches}
     * @return empty where the judge gave no verdict on an answer at all
     */
    public List<OptionalDouble> rewards(List<Judgment> judgments) {
        List<OptionalDouble> rewards = new ArrayList<>();
        for (int i = 0; i < answers.size(); i++) {
            rewards.add(reward(i, judgments));
        }
        return rewards;
    }

    private OptionalDouble reward(int i, List<Judgment> judgments) {
        String name = String.valueOf(numbers.get(i));
        List<Double> verdicts = new ArrayList<>();
        for (Judgment judgment : judgments) {
            if (judgment.subject().model().equals(name)) {
                (judgment.subject().isPairwise() ? judgment.preference() : judgment.score()).ifPresent(verdicts::add);
            } else if (judgment.subject().baseline().equals(name)) {
                judgment.preference().ifPresent(preference -> verdicts.add(1 - preference));
            }
        }
        boolean pairwise = judgments.isEmpty() || judgments.get(0).subject().isPairwise();
        for (int j = 0; pairwise && j < answers.size(); j++) {
            if (j != i && answers.get(i).equals(answers.get(j))) {
                verdicts.add(0.5);
            }
        }
        return verdicts.stream().mapToDouble(Double::doubleValue).average();
    }
}
