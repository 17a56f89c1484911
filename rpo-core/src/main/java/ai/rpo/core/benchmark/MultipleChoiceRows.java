package ai.rpo.core.benchmark;

import ai.rpo.core.benchmark.Solution.Choices;
import ai.rpo.core.benchmark.Solution.Grading;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.UnfitRowException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Rows of the tasks that compare continuations, in the layouts of their publishers and of Hugging Face's copies. */
final class MultipleChoiceRows {

    private static final Pattern BRACKETS = Pattern.compile("(?d)\\[.*?\\]");
    private static final List<String> LETTERS = List.of("A", "B", "C", "D");

    private MultipleChoiceRows() {}

    private record Labelled(List<String> texts, int gold) {}

    /** Also rows that were rendered before: {@code query}, {@code choices} and {@code gold}. */
    static Item arc(TaskRow row) throws UnfitRowException {
        if (row.has("query")) {
            String query = row.text("query");
            List<String> texts = row.texts("choices");
            return item(
                    query.endsWith("\nAnswer:") ? query : query + "\nAnswer:",
                    texts,
                    place(row, "gold", texts),
                    Grading.LIKELIEST_AND_NORMALISED);
        }
        Labelled choices = labelled(row);
        String question =
                row.json().path("question").isObject() ? row.object("question").text("stem") : row.text("question");
        return item(
                "Question: " + question + "\nAnswer:", choices.texts, choices.gold, Grading.LIKELIEST_AND_NORMALISED);
    }

    static Item openBook(TaskRow row) throws UnfitRowException {
        Labelled choices = labelled(row);
        String stem = row.has("question_stem")
                ? row.text("question_stem")
                : row.object("question").text("stem");
        return item(stem, choices.texts, choices.gold, Grading.LIKELIEST_AND_NORMALISED);
    }

    /** {@code choices} as two lists, or below {@code question} as a list of objects. */
    private static Labelled labelled(TaskRow row) throws UnfitRowException {
        List<String> texts;
        List<String> labels;
        if (row.has("choices")) {
            TaskRow choices = row.object("choices");
            texts = choices.texts("text");
            labels = choices.texts("label");
        } else {
            texts = new ArrayList<>();
            labels = new ArrayList<>();
            for (TaskRow choice : row.object("question").objects("choices")) {
                texts.add(choice.text("text"));
                labels.add(choice.text("label"));
            }
        }
        int gold = labels.indexOf(PythonText.strip(row.text("answerKey")));
        if (gold < 0 || gold >= texts.size()) {
            throw row.wrong("answerKey", "one of the labels " + String.join(", ", labels));
        }
        return new Labelled(texts, gold);
    }

    static Item hellaSwag(TaskRow row) throws UnfitRowException {
        String context = row.text("ctx_a") + " " + PythonText.capitalize(row.text("ctx_b"));
        List<String> endings =
                row.texts("endings").stream().map(MultipleChoiceRows::tidy).toList();
        return item(
                tidy(row.text("activity_label") + ": " + context),
                endings,
                place(row, "label", endings),
                Grading.LIKELIEST_AND_NORMALISED);
    }

    /** Takes away what is left of WikiHow's headings. */
    private static String tidy(String text) {
        String headed = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(headed).replaceAll("").replace("  ", " ");
    }

    /** Reads a sentence with a gap: contexts differ up to it, and the text behind it is scored. */
    static Item winogrande(TaskRow row) throws UnfitRowException {
        String sentence = row.text("sentence");
        int gap = sentence.indexOf('_');
        if (gap < 0) {
            throw row.wrong("sentence", "a text with a gap _");
        }
        int gold = row.number("answer") - 1;
        if (gold != 0 && gold != 1) {
            throw row.wrong("answer", "1 or 2");
        }
        String before = sentence.substring(0, gap);
        String after = PythonText.strip(sentence.substring(gap + 1));
        List<String> questions = List.of(before + row.text("option1"), before + row.text("option2"));
        return new Item(
                "",
                "",
                questions,
                questions.get(gold),
                after,
                new Choices(List.of(after, after), right(2, gold), Grading.LIKELIEST));
    }

    static Item piqa(TaskRow row) throws UnfitRowException {
        List<String> texts = List.of(row.text("sol1"), row.text("sol2"));
        return item(
                "Question: " + row.text("goal") + "\nAnswer:",
                texts,
                place(row, "label", texts),
                Grading.LIKELIEST_AND_NORMALISED);
    }

    static Item boolQ(TaskRow row) throws UnfitRowException {
        boolean answer = row.flag(row.has("answer") ? "answer" : "label");
        return item(
                row.text("passage") + "\nQuestion: " + row.text("question") + "?\nAnswer:",
                List.of("no", "yes"),
                answer ? 1 : 0,
                Grading.LIKELIEST);
    }

    static Item truthfulSingle(TaskRow row) throws UnfitRowException {
        return truthful(row, "mc1_targets", Grading.LIKELIEST);
    }

    static Item truthfulMultiple(TaskRow row) throws UnfitRowException {
        return truthful(row, "mc2_targets", Grading.PROBABILITY_OF_RIGHT);
    }

    /** Targets are {@code choices} and {@code labels}, or an object with the label of each text. */
    private static Item truthful(TaskRow row, String field, Grading grading) throws UnfitRowException {
        TaskRow targets = row.object(field);
        List<String> texts = new ArrayList<>();
        List<Boolean> right = new ArrayList<>();
        if (targets.isList("choices")) {
            texts.addAll(targets.texts("choices"));
            targets.json().path("labels").forEach(label -> right.add(label.asInt() == 1));
        } else {
            targets.json().properties().forEach(target -> {
                texts.add(target.getKey());
                right.add(target.getValue().asInt() == 1);
            });
        }
        if (texts.isEmpty() || right.size() != texts.size()) {
            throw row.wrong(field, "texts with a label each");
        }
        if (grading == Grading.LIKELIEST) {
            // The reference takes the first for the right one, which it is in the published file.
            Collections.fill(right, false);
            right.set(0, true);
        }
        String question = TruthfulPreamble.TEXT + "\n\nQ: " + row.text("question") + "\nA:";
        return Item.of(question, texts.get(0), new Choices(texts, right, grading));
    }

    static Item mmlu(TaskRow row) throws UnfitRowException {
        List<String> choices = row.texts("choices");
        if (choices.size() != LETTERS.size()) {
            throw row.wrong("choices", "four texts");
        }
        StringBuilder question = new StringBuilder(PythonText.strip(row.text("question")));
        for (int i = 0; i < choices.size(); i++) {
            question.append('\n').append(LETTERS.get(i)).append(". ").append(choices.get(i));
        }
        question.append("\nAnswer:");
        int gold = LETTERS.indexOf(row.json().path("answer").asText());
        if (gold < 0) {
            gold = place(row, "answer", choices);
        }
        String subject = row.text("subject");
        return new Item(
                subject,
                "The following are multiple choice questions (with answers) about " + subject.replace('_', ' ')
                        + ".\n\n",
                List.of(question.toString()),
                question.toString(),
                LETTERS.get(gold),
                new Choices(LETTERS, right(LETTERS.size(), gold), Grading.LIKELIEST));
    }

    private static Item item(String question, List<String> texts, int gold, Grading grading) {
        return Item.of(question, texts.get(gold), new Choices(texts, right(texts.size(), gold), grading));
    }

    private static int place(TaskRow row, String field, List<String> texts) throws UnfitRowException {
        int place = row.number(field);
        if (place < 0 || place >= texts.size()) {
            throw new UnfitRowException(
                    Reason.WRONG_TYPE, field + " is " + place + ", and there are " + texts.size() + " choices");
        }
        return place;
    }

    private static List<Boolean> right(int count, int gold) {
        return IntStream.range(0, count).mapToObj(i -> i == gold).toList();
    }
}
