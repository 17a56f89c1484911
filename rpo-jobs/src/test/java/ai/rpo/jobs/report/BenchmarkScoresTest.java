package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchmarkScoresTest {

    /** 0.25 ± 1.95996·0.1 and, cut at 1, 0.9 ± 1.95996·0.1. */
    @Test
    void aShareHasAnIntervalWhereItsQuestionsDiffer() {
        List<String> lines =
                BenchmarkScores.read("""
                {"boolq": {"n": 20, "shots": 2, "acc": 0.25, "acc_stderr": 0.1},
                 "gsm8k": {"n": 10, "shots": 5, "exact_match_strict": 0.0, "exact_match_strict_stderr": 0.0,
                           "exact_match_flexible": 0.9, "exact_match_flexible_stderr": 0.1},
                 "mbpp": {"n": 1, "shots": 3, "pass_at_1": 1.0, "pass_at_1_stderr": null}}
                """).stream().map(Object::toString).toList();
        assertEquals(
                List.of(
                        "boolq          acc                  0.2500, 95 % interval 0.0540 to 0.4460, 20 questions, 2 shots",
                        "gsm8k          exact_match_strict   0.0000, 10 questions, 5 shots",
                        "gsm8k          exact_match_flexible 0.9000, 95 % interval 0.7040 to 1.0000, 10 questions, 5 shots",
                        "mbpp           pass_at_1            1.0000, 1 questions, 3 shots"),
                lines);
    }

    @Test
    void aDamagedFileIsNamed() {
        RpoException refused = assertThrows(RpoException.class, () -> BenchmarkScores.read("{\"boolq\": "));
        assertTrue(
                refused.getMessage().startsWith("Cannot read benchmark/results.json: it is not JSON"),
                refused.getMessage());
    }
}
