package ai.rpo.bench;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.tensor.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What is timed: {@code train|score SHAPE PROMPT RESPONSE PAIRS STEPS [bf16] [recompute] [ragged] [lora [nf4|int8]]}.
 *
 * @param options the words behind the numbers
 */
record StepOptions(boolean train, Shape shape, int prompt, int response, int pairs, int steps, List<String> options) {

    static StepOptions of(String[] arguments) {
        return new StepOptions(
                arguments[0].equals("train"),
                Shape.valueOf(arguments[1].toUpperCase(Locale.ROOT)),
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]),
                Integer.parseInt(arguments[5]),
                List.of(arguments).subList(6, arguments.length));
    }

    /**
     * Reads {@code train|score SHAPE ROWS.jsonl STEPS …}.
     *
     * @param rows of the file; lengths are the means of theirs
     */
    static StepOptions ofRows(String[] arguments, List<TrainingExample> rows) {
        return new StepOptions(
                arguments[0].equals("train"),
                Shape.valueOf(arguments[1].toUpperCase(Locale.ROOT)),
                mean(rows.stream().mapToInt(row -> row.prompt().length)),
                mean(rows.stream().flatMapToInt(row -> IntStream.of(row.chosen().length, row.rejected().length))),
                rows.size(),
                Integer.parseInt(arguments[3]),
                List.of(arguments).subList(4, arguments.length));
    }

    private static int mean(IntStream lengths) {
        return (int) Math.round(lengths.average().orElseThrow());
    }

    String work() {
        return train ? "train" : "score";
    }

    Precision precision() {
        return options.contains("bf16") ? Precision.BFLOAT16 : Precision.FLOAT32;
    }

    boolean recompute() {
        return options.contains("recompute");
    }

    boolean ragged() {
        return options.contains("ragged");
    }

    Optional<LoraSettings> lora() {
        BasePrecision base = options.contains("nf4")
                ? BasePrecision.NF4
                : options.contains("int8") ? BasePrecision.INT8 : BasePrecision.AS_STORED;
        return options.contains("lora")
                ? Optional.of(new LoraSettings(16, 32, 0, List.of("all-linear"), false, base))
                : Optional.empty();
    }

    /** Passes over the weights that a step needs, forward and backward; frozen weights need no gradient. */
    int passes() {
        if (!train) {
            return 1;
        }
        return lora().isPresent() ? 2 : 3;
    }
}
