package ai.rpo.spark.benchmark;

import ai.rpo.core.benchmark.BenchmarkTask;
import java.io.Serializable;
import java.util.OptionalInt;

/** The keys of {@code rpo.benchmark.shots}: examples in each prompt, by task; as many as the task usually has where absent. */
public record ShotSettings(
        OptionalInt arcEasy,
        OptionalInt arcChallenge,
        OptionalInt hellaswag,
        OptionalInt winogrande,
        OptionalInt piqa,
        OptionalInt boolq,
        OptionalInt openbookqa,
        OptionalInt truthfulqaMc1,
        OptionalInt truthfulqaMc2,
        OptionalInt mmlu,
        OptionalInt gsm8k,
        OptionalInt mbpp,
        OptionalInt humaneval)
        implements Serializable {

    /** MBPP's examples are three fixed rows. */
    private static final int MOST_OF_MBPP = 3;

    public ShotSettings {
        StringBuilder problems = new StringBuilder();
        OptionalInt[] given = {
            arcEasy,
            arcChallenge,
            hellaswag,
            winogrande,
            piqa,
            boolq,
            openbookqa,
            truthfulqaMc1,
            truthfulqaMc2,
            mmlu,
            gsm8k,
            mbpp,
            humaneval
        };
        for (BenchmarkTask task : BenchmarkTask.values()) {
            int shots = given[task.ordinal()].orElse(task.defaultShots());
            if (shots < 0) {
                problems.append(task.key())
                        .append(" must be at least 0, but is ")
                        .append(shots)
                        .append('\n');
            }
        }
        if (mbpp.orElse(0) > MOST_OF_MBPP) {
            problems.append("mbpp must be at most 3, for which it has examples, but is ")
                    .append(mbpp.getAsInt())
                    .append('\n');
        }
        if (humaneval.orElse(0) > 0) {
            problems.append("humaneval must be 0, since it has no examples, but is ")
                    .append(humaneval.getAsInt())
                    .append('\n');
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(problems.toString().strip());
        }
    }

    /** Examples in each prompt of a task. */
    public int of(BenchmarkTask task) {
        OptionalInt given =
                switch (task) {
                    case ARC_EASY -> arcEasy;
                    case ARC_CHALLENGE -> arcChallenge;
                    case HELLASWAG -> hellaswag;
                    case WINOGRANDE -> winogrande;
                    case PIQA -> piqa;
                    case BOOLQ -> boolq;
                    case OPENBOOKQA -> openbookqa;
                    case TRUTHFULQA_MC1 -> truthfulqaMc1;
                    case TRUTHFULQA_MC2 -> truthfulqaMc2;
                    case MMLU -> mmlu;
                    case GSM8K -> gsm8k;
                    case MBPP -> mbpp;
                    case HUMANEVAL -> humaneval;
                };
        return given.orElse(task.defaultShots());
    }
}
