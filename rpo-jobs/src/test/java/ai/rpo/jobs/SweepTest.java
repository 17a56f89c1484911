package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTest {

    @TempDir
    Path folder;

    private Outcome outcome;

    @BeforeEach
    void inputs() throws IOException {
        TinyRun.inputs(folder, 16, "data.eval-fraction = 0.2");
    }

    @Test
    void aRunForEachValueOnOneSetOfScores() throws IOException {
        assertEquals(0, execute("sweep", "--over", "rpo.objective.beta=[0.1, 0.5]"), outcome.err());
        assertTrue(outcome.out().contains("run       2 of 2, beta-0.5 → "), outcome.out());
        assertTrue(outcome.out().contains("compare   2 runs → "), outcome.out());
        assertEquals(0, computed("beta-0.5"));
        assertTrue(computed("beta-0.1") > 0);
        String page = Files.readString(folder.resolve("out/compare/index.html"));
        assertTrue(page.contains("which differ in rpo.objective.beta"), page.substring(0, 3000));
        assertTrue(page.contains("objective.beta = 0.5"));
        assertTrue(page.contains("Held-out pairs"));
        assertFalse(page.contains("gold at the end"));

        assertEquals(0, execute("status", folder.resolve("out").toString()), outcome.err());
        assertTrue(outcome.out().startsWith("command   sweep, succeeded after "), outcome.out());
        assertTrue(outcome.out().contains("holder    nobody\n"), outcome.out());

        String other = folder.resolve("out/sweep/beta-0.1").toString();
        assertEquals(
                0, execute("compare", other, "--output", folder.resolve("alone").toString()), outcome.err());
        assertTrue(Files.readString(folder.resolve("alone/index.html")).contains("of the same settings"));
        assertEquals(2, execute("compare", folder.resolve("nothing").toString()));
    }

    @Test
    void whatIsNoKeyWithValuesIsRefused() {
        for (String over :
                List.of("rpo.objective.eta", "rpo.objective.eta=0.5", "spark.x=[1]", "rpo.objective.eta=[]")) {
            assertEquals(2, execute("sweep", "--over", over), over);
            assertTrue(outcome.err().contains("Cannot sweep over " + over), outcome.err());
        }
        assertEquals(2, execute("sweep", "--over", "rpo.objective.etta=[1]"));
        assertTrue(outcome.err().contains("did you mean rpo.objective.eta?"), outcome.err());
    }

    private int computed(String run) throws IOException {
        return new ObjectMapper()
                .readTree(folder.resolve("out/sweep/" + run + "/reference/report.json")
                        .toFile())
                .path("train")
                .path("computed")
                .asInt();
    }

    private int execute(String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--config", folder.resolve("my.conf").toString()));
        outcome = ProgramHere.run(arguments);
        return outcome.exitCode();
    }
}
