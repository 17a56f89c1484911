package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.jobs.report.Finding.Verdict;
import ai.rpo.jobs.report.Track.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** What the online demo says, on planted ways: sentences and verdicts follow the numbers. */
class OnlineFindingsTest {

    private static final double START = 0.7;

    @Test
    void plantedOveroptimizationIsFoundWithItsTurn() {
        List<Finding> findings = OnlineFindings.of(comparison(true));

        assertEquals(Verdict.AGREES, verdict(findings, "Proxy and gold under online DPO"));
        assertEquals(Verdict.AGREES, verdict(findings, "The turn of the gold reward under online DPO"));
        Finding form = finding(findings, "Gao's forms under online DPO");
        assertEquals(Verdict.AGREES, form.verdict());
        assertTrue(form.text().contains("R = d(α − βd) fits better (α = 0.400, β = 0.200"), form.text());
        assertTrue(form.text().contains("it turns at √KL = 1"), form.text());
        assertEquals(Verdict.AGREES, verdict(findings, "Online: gold reward of RPO against DPO"));
        assertEquals(Verdict.AGREES, verdict(findings, "The ensemble: gap against one reward model"));
        assertTrue(
                finding(findings, "Gold reward at the end").text().startsWith("Highest under online RPO ×4"),
                findings.toString());
    }

    @Test
    void whatDoesNotShowIsSaid() {
        List<Finding> findings = OnlineFindings.of(comparison(false));

        assertEquals(Verdict.DIFFERS, verdict(findings, "Proxy and gold under online DPO"));
        assertTrue(finding(findings, "The turn of the gold reward under online DPO")
                .text()
                .contains("does not yet turn down"));
        assertEquals(Verdict.DIFFERS, verdict(findings, "Online: gold reward of RPO against DPO"));
    }

    @Test
    void aFitRecoversPlantedNumbers() {
        List<Track> tracks = comparison(true).of(Method.ONLINE_DPO);
        GoldFit fit = GoldFit.of(Form.BEST_OF_N, tracks).orElseThrow();
        assertEquals(0.4, fit.fit().alpha(), 1e-3);
        assertEquals(0.2, fit.fit().beta(), 1e-3);
        assertEquals(1, fit.fit().peak().orElseThrow(), 1e-2);
        assertTrue(fit.error() < GoldFit.of(Form.LEARNING, tracks).orElseThrow().error());
    }

    /** Under DPO R = d(0.4 − 0.2·d), which turns at 1; the others go less far. */
    private static OnlineComparison comparison(boolean overoptimized) {
        List<Track> tracks = new ArrayList<>();
        for (long seed = 1; seed <= 3; seed++) {
            for (Method method : Method.values()) {
                double farthest =
                        switch (method) {
                            case ONLINE_DPO -> 2;
                            case ONLINE_RPO -> 1.4;
                            case ONLINE_RPO_ENSEMBLE -> 1;
                            default -> 0.5;
                        };
                DoubleUnaryOperator gold = overoptimized ? d -> d * (0.4 - 0.2 * d) : d -> 0.1 * d;
                List<Mark> marks = new ArrayList<>();
                for (int i = 0; i <= 4; i++) {
                    double d = farthest * i / 4 * (1 + 0.01 * (seed - 2));
                    double rise = gold.applyAsDouble(d);
                    marks.add(new Mark(8L * i, d * d, START + (overoptimized ? 0.4 * d : rise), START + rise));
                }
                tracks.add(new Track(method, seed, marks));
            }
        }
        return new OnlineComparison("t", "l", List.of(), tracks);
    }

    private static Verdict verdict(List<Finding> findings, String topic) {
        return finding(findings, topic).verdict();
    }

    private static Finding finding(List<Finding> findings, String topic) {
        return findings.stream()
                .filter(finding -> finding.topic().equals(topic))
                .findFirst()
                .orElseThrow();
    }
}
