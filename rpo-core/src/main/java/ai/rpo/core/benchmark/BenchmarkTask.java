package ai.rpo.core.benchmark;

import ai.rpo.core.benchmark.ExamplePool.Choice;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The tasks, with prompts, examples and metrics as lm-evaluation-harness 0.4.13 has them (lm_eval/tasks in its
 * repository), under its names.
 */
public enum BenchmarkTask {
    ARC_EASY(
            MultipleChoiceRows::arc,
            0,
            Choice.DRAWN,
            "ARC-Easy-Test.jsonl of the AI2 Reasoning Challenge, allenai/ai2_arc"),
    ARC_CHALLENGE(
            MultipleChoiceRows::arc,
            0,
            Choice.DRAWN,
            "ARC-Challenge-Test.jsonl of the AI2 Reasoning Challenge, allenai/ai2_arc"),
    HELLASWAG(
            MultipleChoiceRows::hellaSwag,
            0,
            Choice.DRAWN_WITH_SPARE,
            "hellaswag_val.jsonl of rowanz/hellaswag, Rowan/hellaswag"),
    WINOGRANDE(
            MultipleChoiceRows::winogrande,
            0,
            Choice.DRAWN_WITH_SPARE,
            "dev.jsonl of WinoGrande 1.1, allenai/winogrande"),
    PIQA(
            MultipleChoiceRows::piqa,
            0,
            Choice.DRAWN_WITH_SPARE,
            "the validation split of PIQA with its labels, baber/piqa"),
    BOOLQ(
            MultipleChoiceRows::boolQ,
            0,
            Choice.DRAWN_WITH_SPARE,
            "dev.jsonl of BoolQ, or val.jsonl of SuperGLUE's, aps/super_glue"),
    OPENBOOKQA(MultipleChoiceRows::openBook, 0, Choice.DRAWN, "Main/test.jsonl of OpenBookQA, allenai/openbookqa"),
    TRUTHFULQA_MC1(
            MultipleChoiceRows::truthfulSingle,
            0,
            Choice.DRAWN_FROM_OWN,
            "mc_task.json of TruthfulQA, one object a line, truthfulqa/truthful_qa",
            "truthfulqa"),
    TRUTHFULQA_MC2(
            MultipleChoiceRows::truthfulMultiple,
            0,
            Choice.DRAWN_FROM_OWN,
            "mc_task.json of TruthfulQA, one object a line, truthfulqa/truthful_qa",
            "truthfulqa"),
    MMLU(MultipleChoiceRows::mmlu, 0, Choice.FIRST_OF_GROUP, "the split test of cais/mmlu, for examples also dev"),
    GSM8K(
            GenerationRows::gsm8k,
            5,
            Choice.DRAWN,
            "test.jsonl and train.jsonl of openai/grade-school-math, openai/gsm8k",
            List.of("Question:", "</s>", "<|im_end|>"),
            256),
    MBPP(
            GenerationRows::mbpp,
            3,
            Choice.FIXED,
            "mbpp.jsonl of google-research/mbpp, google-research-datasets/mbpp",
            List.of("[DONE]"),
            256),
    HUMANEVAL(
            GenerationRows::humanEval,
            0,
            Choice.NONE,
            "HumanEval.jsonl of openai/human-eval, openai/openai_humaneval",
            List.of("\nclass", "\ndef", "\n#", "\nif", "\nprint"),
            1024,
            "human_eval");

    /** Bounds the {@code task_id}s of MBPP's test split. */
    private static final int FIRST_MBPP_TEST = 11;

    private static final int LAST_MBPP_TEST = 510;

    private final RowReading reading;
    private final int defaultShots;
    private final Choice examples;
    private final String source;
    private final Optional<Generation> generation;
    private final List<String> fileNames;

    @FunctionalInterface
    private interface RowReading {
        Item read(TaskRow row) throws UnfitRowException;
    }

    /**
     * Says how an answer is generated: greedily, up to a stop text or a length.
     *
     * @param stops none of which is part of the answer
     * @param maxNewTokens tokens
     */
    public record Generation(List<String> stops, int maxNewTokens) {}

    BenchmarkTask(RowReading reading, int defaultShots, Choice examples, String source, String... otherNames) {
        this(reading, defaultShots, examples, source, Optional.empty(), otherNames);
    }

    BenchmarkTask(
            RowReading reading,
            int defaultShots,
            Choice examples,
            String source,
            List<String> stops,
            int maxNewTokens,
            String... otherNames) {
        this(reading, defaultShots, examples, source, Optional.of(new Generation(stops, maxNewTokens)), otherNames);
    }

    BenchmarkTask(
            RowReading reading,
            int defaultShots,
            Choice examples,
            String source,
            Optional<Generation> generation,
            String[] otherNames) {
        this.reading = reading;
        this.defaultShots = defaultShots;
        this.examples = examples;
        this.source = source;
        this.generation = generation;
        List<String> names = new ArrayList<>(List.of(key()));
        names.addAll(Arrays.asList(otherNames));
        fileNames = List.copyOf(names);
    }

    /** The name in configuration and results, such as {@code arc_easy}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<BenchmarkTask> named(String key) {
        return Arrays.stream(values()).filter(task -> task.key().equals(key)).findFirst();
    }

    /** Examples in a prompt where nobody asks for another number. */
    public int defaultShots() {
        return defaultShots;
    }

    /** Says how answers are generated; empty where given continuations are scored. */
    public Optional<Generation> generation() {
        return generation;
    }

    /** Tells whether answers are programs that have to be run. */
    public boolean runsPrograms() {
        return this == MBPP || this == HUMANEVAL;
    }

    /** Names that its grades go by. */
    public List<String> metrics() {
        if (runsPrograms()) {
            return List.of("pass_at_1");
        }
        return generation.isPresent()
                ? List.of("exact_match_strict", "exact_match_flexible")
                : List.of("acc", "acc_norm");
    }

    /** Lists what its files may be called, before {@code .jsonl}, {@code _test.jsonl} and {@code _train.jsonl}. */
    public List<String> fileNames() {
        return fileNames;
    }

    /** Says where the data come from, for a person. */
    public String source() {
        return source;
    }

    /** Returns the text between a question and its answer. */
    String delimiter() {
        return this == MBPP ? "" : " ";
    }

    /** Says which rows serve as few-shot examples. */
    Choice examples() {
        return examples;
    }

    /** Tells whether its examples lie in a file of their own. */
    public boolean takesExamplesFromTrain() {
        return switch (examples) {
            case DRAWN, DRAWN_WITH_SPARE, FIRST_OF_GROUP -> true;
            case DRAWN_FROM_OWN, FIXED, NONE -> false;
        };
    }

    /** Tells whether it has examples at all. */
    public boolean hasExamples() {
        return examples != Choice.NONE;
    }

    Item read(ObjectNode row) throws UnfitRowException {
        return reading.read(TaskRow.of(row));
    }

    /** Tells whether a row of the file is a question: MBPP's file holds its examples and other splits too. */
    boolean isAsked(ObjectNode row) throws UnfitRowException {
        if (this != MBPP) {
            return true;
        }
        int id = TaskRow.of(row).number("task_id");
        return id >= FIRST_MBPP_TEST && id <= LAST_MBPP_TEST;
    }
}
