package ai.rpo.spark.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.Question;
import ai.rpo.core.benchmark.Questions;
import ai.rpo.core.benchmark.Questions.Located;
import ai.rpo.core.benchmark.Solution.Program;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The solutions that MBPP and HumanEval bring pass, and fail once they return nothing. */
@Tag("shared")
class ReferenceProgramsTest {

    private static final Path DATA = Path.of(System.getProperty("rpo.shared"), "eval/benchmarks");

    /** All are tried with {@code -Drpo.every=1}. */
    private static final int EVERY = Integer.getInteger("rpo.every", 12);

    @ParameterizedTest
    @CsvSource({"mbpp, mbpp.jsonl, code, 500", "humaneval, human_eval.jsonl, canonical_solution, 164"})
    void solutionsPassAndMutatedOnesFail(String task, String file, String field, int count) throws IOException {
        ProgramRunner runner = ProgramRunner.ofThisJvm();
        assumeTrue(runner.missing().isEmpty(), () -> runner.missing().orElseThrow());
        List<Located> rows = rows(file);
        List<Question> questions =
                new Questions(BenchmarkTask.named(task).orElseThrow(), 0, OptionalInt.empty()).of(rows, List.of());
        assertEquals(count, questions.size());
        int mutated = 0;
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < questions.size(); i += EVERY) {
            Program program = (Program) questions.get(i).solution();
            String solution = rows.get(questions.get(i).doc()).row().get(field).textValue();
            Optional<String> error = runner.run(program.with(solution));
            error.ifPresent(e -> wrong.add(file + " row " + e));
            String broken = solution.replaceAll("return[ (].*", "return None");
            if (!broken.equals(solution)) {
                mutated++;
                assertFalse(
                        runner.run(program.with(broken)).isEmpty(),
                        "row " + questions.get(i).doc());
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(mutated > count / EVERY / 2, mutated + " were mutated");
    }

    private static List<Located> rows(String file) throws IOException {
        List<Located> rows = new ArrayList<>();
        for (String line : Files.readAllLines(DATA.resolve(file))) {
            rows.add(
                    new Located(rows.size(), file + ":" + rows.size(), (ObjectNode) new ObjectMapper().readTree(line)));
        }
        return rows;
    }
}
