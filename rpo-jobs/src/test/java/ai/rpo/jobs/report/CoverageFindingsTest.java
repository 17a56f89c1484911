package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CoverageFindingsTest {

    private static final String DATA = """
            {"train": {"rows": 4, "lengths": {"chosen": {"mean": 20}}},
             "coverage": {"comparisons": 4, "prompts": 2, "responses": 8, "components": 4, "responses_compared_once": 6,
               "responses_never_rejected": 2, "most_comparisons_of_a_response": 2,
               "chosen_tokens_in_no_other_pair": 0.125, "theory_eta_low": 0.25, "theory_eta_high": 3.5}}
            """;

    @TempDir
    Path folder;

    /** η/(½ + η) is 1 % for the paper's η. */
    @Test
    void warnsWhereTheSupervisedTermCanDoNextToNothing() throws IOException {
        List<Finding> findings =
                findings("beta = 0.01, eta = 0.005, regularizer { reduction = sum, weight = eta-times-beta }");
        assertTrue(findings.get(0).text().startsWith("4 pairs compare 8 responses to 2 prompts in 4 connected groups"));
        assertTrue(
                findings.get(0).text().contains("75.0 % of the responses stand in one pair only, 25.0 % were never"));
        assertTrue(findings.get(0).text().contains("12.5 % of the chosen tokens"));
        String weight = findings.get(1).text();
        assertTrue(weight.contains("it has 1.0 % of the gradient") && weight.contains("next to nothing"), weight);
        assertTrue(weight.contains("the theorem's η lies between 0.250") && weight.contains("and 3.500"), weight);
    }

    /** w·s against β/2: 0.2/20 against 0.05, and 0.5·0.1 against 0.05. */
    @Test
    void countsEachFormOfTheTerm() throws IOException {
        String mean = findings("beta = 0.1, eta = 0.2, regularizer { reduction = token-mean, weight = eta }")
                .get(1)
                .text();
        assertTrue(mean.contains("it has 16.7 % of the gradient"), mean);
        assertFalse(mean.contains("next to nothing"), mean);
        String half = findings("beta = 0.1, eta = 0.5, regularizer { reduction = sum, weight = eta-times-beta }")
                .get(1)
                .text();
        assertTrue(half.contains("it has 50.0 % of the gradient"), half);
        String dpo = findings("beta = 0.1, eta = 0, regularizer { reduction = sum, weight = eta }")
                .get(1)
                .text();
        assertTrue(dpo.startsWith("η is 0: this is DPO."), dpo);
    }

    @Test
    void saysNothingOfDataWithoutCoverage() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3).file("data/report.json", "{}");
        assertEquals(List.of(), CoverageFindings.of(RunArtifacts.read(run.path(), new Configuration(false))));
    }

    private List<Finding> findings(String objective) throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3)
                .file("data/report.json", DATA)
                .file("resolved.conf", "rpo.objective { " + objective + " }");
        return CoverageFindings.of(RunArtifacts.read(run.path(), new Configuration(false)));
    }
}
