package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.theory.experiment.Equivalence.Sides;
import ai.rpo.jobs.report.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TheoryReportTest {

    @TempDir
    static Path folder;

    private static TheoryResults results;

    @BeforeAll
    static void compute() {
        results = TheoryResults.compute(Progress.NONE);
    }

    @Test
    void everyClaimIsWrittenFromNumbersThatBearItOut() {
        List<Finding> findings = new TheoryFindings(results).all();
        for (Finding finding : findings) {
            assertFalse(finding.text().contains("not a number"), finding.text());
            boolean printed = finding.text().contains("does not hold as printed");
            assertEquals(printed, finding.verdict() == Verdict.DIFFERS, finding.text());
            assertEquals(
                    finding.verdict() == Verdict.AGREES, finding.text().endsWith("As the paper says."), finding.text());
        }
        assertEquals(2, count(findings, Verdict.DIFFERS));
        assertEquals(14, count(findings, Verdict.AGREES));
        assertTrue(findings.stream().anyMatch(finding -> finding.text().contains("is −0.507 for RPO")));
    }

    /** A page that cannot disagree would prove nothing. */
    @Test
    void otherNumbersMakeTheSentencesSayOtherwise() {
        Sides sides = results.sides();
        TheoryResults spoilt = new TheoryResults(
                new Sides(
                        sides.minimax(),
                        sides.maximin(),
                        0.25,
                        sides.likeliest(),
                        sides.minimax().policy(),
                        sides.valueOfReference(),
                        2),
                results.twoRewards(),
                Map.of(0.0, results.trained().get(0.2), 0.2, results.trained().get(0.0)),
                results.rare(),
                results.shrinking().subList(0, 2),
                results.extrapolated(),
                results.online(),
                results.ensembles());
        List<String> refuted = new TheoryFindings(spoilt)
                .all().stream()
                        .filter(finding -> finding.text().endsWith("not seen here."))
                        .map(Finding::topic)
                        .toList();
        assertTrue(
                refuted.containsAll(List.of(
                        "Maximin is minimax (theorem 5.6)",
                        "Pessimism about what was seen once",
                        "DPO: the value rises and collapses",
                        "RPO's training reaches the game's solution",
                        "The gap falls as 1/√N (theorem 5.3)")),
                refuted.toString());
    }

    @Test
    void thePageNeedsNothingElse() throws IOException {
        Page page = TheoryReport.of(results);
        String html = page.render("now");
        assertFalse(html.contains("{}"), "a placeholder was left unfilled");
        assertFalse(html.matches("(?s).*(src|href|srcset)=\"(?!data:|#).*"), "something is fetched from elsewhere");
        for (int section = 1; section <= 9; section++) {
            assertTrue(html.contains("<h2>" + section + ". "), "section " + section);
        }
        assertEquals(13, page.pictures().size(), page.pictures().keySet().toString());
    }

    @Test
    void aFileInTheWayIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("taken"), "mine");
        RpoException refused = assertThrows(RpoException.class, () -> new ReportStage(new Configuration(false))
                .theory(new org.apache.hadoop.fs.Path(file.toUri()), Progress.NONE));
        assertTrue(refused.getMessage().contains("taken"), refused.getMessage());
        assertEquals("mine", Files.readString(file));
    }

    private static long count(List<Finding> findings, Verdict verdict) {
        return findings.stream().filter(finding -> finding.verdict() == verdict).count();
    }
}
