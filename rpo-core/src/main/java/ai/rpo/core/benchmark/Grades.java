package ai.rpo.core.benchmark;

import ai.rpo.core.benchmark.Solution.Choices;
import ai.rpo.core.benchmark.Solution.FinalNumber;
import ai.rpo.core.benchmark.Solution.Grading;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Grades an answer by each metric of its task, from 0 to 1. */
public final class Grades {

    private Grades() {}

    /**
     * @param logLikelihoods of the continuations, in nats
     */
    public static Map<String, Double> of(Choices choices, double[] logLikelihoods) {
        Map<String, Double> grades = new LinkedHashMap<>();
        if (choices.grading() == Grading.PROBABILITY_OF_RIGHT) {
            grades.put("acc", probabilityOfRight(choices, logLikelihoods));
            return grades;
        }
        grades.put("acc", right(choices, i -> logLikelihoods[i]));
        if (choices.grading() == Grading.LIKELIEST_AND_NORMALISED) {
            grades.put(
                    "acc_norm",
                    right(
                            choices,
                            i -> logLikelihoods[i]
                                    / PythonText.length(choices.texts().get(i))));
        }
        return grades;
    }

    /** Gives 1 where the first of the likeliest continuations is right, else 0. */
    private static double right(Choices choices, IntToDoubleFunction value) {
        int best = 0;
        for (int i = 1; i < choices.texts().size(); i++) {
            if (value.applyAsDouble(i) > value.applyAsDouble(best)) {
                best = i;
            }
        }
        return choices.right().get(best) ? 1 : 0;
    }

    private static double probabilityOfRight(Choices choices, double[] logLikelihoods) {
        double most = Arrays.stream(logLikelihoods).max().orElseThrow();
        double[] shares =
                Arrays.stream(logLikelihoods).map(ll -> Math.exp(ll - most)).toArray();
        double right = IntStream.range(0, shares.length)
                .filter(i -> choices.right().get(i))
                .mapToDouble(i -> shares[i])
                .sum();
        return right / Arrays.stream(shares).sum();
    }

    /** Grades an answer written step by step by its final number. */
    public static Map<String, Double> of(FinalNumber number, String response) {
        Map<String, Double> grades = new LinkedHashMap<>();
        grades.put(
                "exact_match_strict", FinalAnswer.matches(FinalAnswer.strict(response), number.answer()) ? 1.0 : 0.0);
        grades.put(
                "exact_match_flexible",
                FinalAnswer.matches(FinalAnswer.flexible(response), number.answer()) ? 1.0 : 0.0);
        return grades;
    }

    /** Grades a program that was run. */
    public static Map<String, Double> ofProgram(boolean passed) {
        return Map.of("pass_at_1", passed ? 1.0 : 0.0);
    }
}
