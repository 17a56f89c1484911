package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.report.Finding.Verdict;
import ai.rpo.jobs.report.ReportStage.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportStageTest {

    private static final String HOSTILE = "</pre><script>alert(1)</script>&\"'";

    @TempDir
    Path folder;

    private final ReportStage stage = new ReportStage(new Configuration(false));

    @Test
    void drawsARunIntoOnePageThatNeedsNothingElse() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3);

        Report report = stage.run(run.path(), Progress.NONE);

        String html = Files.readString(folder.resolve("run/report/index.html"));
        assertTrue(html.contains("data:image/png;base64,"));
        assertFalse(html.matches("(?s).*(src|href|srcset)=\"(?!data:|#).*"), "something is fetched from elsewhere");
        assertFalse(html.contains("{}"), "a placeholder was left unfilled");
        assertTrue(html.contains("Each checkpoint on the held-out pairs"), "the checkpoints' figure is missing");
        assertTrue(html.contains("Share of a round that is not arithmetic"), "the rounds' figure is missing");
        assertTrue(html.contains("longer than max-length"), "what the data stage dropped is missing");
        assertTrue(html.contains("95 % interval 0.610 to 0.790"), "the evaluation's interval is missing");
        assertEquals(
                2 * FigurePainter.WIDTH,
                ImageIO.read(folder.resolve("run/report/logps.png").toFile()).getWidth());
        assertTrue(
                report.findings().get(0).text().contains("log-probability against the reference fell by 2.1"),
                report.findings().toString());
    }

    /** Whatever a judge or a model says is text. */
    @Test
    void beginsWithWhoseAnswersArePreferred() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3);
        String results = """
                {"protocol": "mt-bench-pair", "judge": "%1$s", "prompt_sha256": "0123456789abcdef", "comparisons": [
                 {"model": "aligned", "baseline": "%1$s", "n": 2, "wins": 1, "losses": 0, "ties": 1, "win_rate": 50,
                  "adjusted_win_rate": 75, "interval_of": "adjusted_win_rate", "low": 55.5, "high": 94.5,
                  "length_controlled_win_rate": 71.25, "mean_length": 7, "baseline_mean_length": 5,
                  "same_in_both_orders": 1, "in_both_orders": 2, "first_shown_wins": 2, "second_shown_wins": 1,
                  "by_turn": {"1": {"n": 2, "wins": 1, "losses": 0, "ties": 1, "win_rate": 50, "adjusted_win_rate": 75}}}],
                 "scores": [{"model": "aligned", "turn": 1, "category": "math", "mean": 7.5, "low": 7, "high": 8, "n": 2}]}
                """;
        run.file("judge/results.json", results.formatted(HOSTILE.replace("\"", "\\\"")));
        String judgment = """
                {"question_id": %1$d, "turn": 1, "model_1": "base", "model_2": "aligned", "g1_winner": "%2$s",
                 "g2_winner": "model_2", "g1_judgment": "%3$s [[B]]", "g2_judgment": "[[A]]"}
                """;
        run.file(
                "judge/judgments",
                judgment.formatted(1, "model_2", HOSTILE.replace("\"", "\\\"")) + judgment.formatted(2, "tie", "so"));

        Report report = stage.run(run.path(), Progress.NONE);
        stage.judge(run.path(), Progress.NONE);

        assertTrue(
                report.findings()
                        .get(0)
                        .text()
                        .startsWith("The answers of aligned are preferred in 75.0 % of 2 judgments"
                                + " (95 % interval 55.5 to 94.5), more often than not. Protocol mt-bench-pair"),
                report.findings().toString());
        for (String page : List.of("report", "judge")) {
            String html = Files.readString(folder.resolve("run/" + page + "/index.html"));
            assertFalse(html.contains("<script"), page);
            assertTrue(html.contains("75.0 (55.5 to 94.5)"), "the matrix");
            assertTrue(html.contains("25.0 (5.5 to 44.5)"), "its other half");
            assertTrue(html.contains("71.25"), "the rate at equal lengths");
            assertTrue(html.contains("7.5 (7.0 to 8.0)"), "the grade");
        }
    }

    @Test
    void saysWhereScoresCameFromAndHowManyAreNotFinite() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3);
        run.file(
                "reference/report.json",
                "{\"train\": {\"rows\": 1200, \"given\": 0, \"reused\": 900, \"computed\": 300, \"not_finite\": 2},"
                        + " \"eval\": {\"rows\": 10, \"given\": 10, \"reused\": 0, \"computed\": 0, \"not_finite\": 0}}");

        List<Finding> findings = stage.run(run.path(), Progress.NONE).findings();

        Finding train = findings.get(findings.size() - 2);
        assertEquals("Scores in reference/train", train.topic());
        assertEquals(
                "Of 1,200 rows 300 were scored now, 900 before, and 0 brought their score. 2 are left out, since their"
                        + " log-probabilities are not finite: see score-train-*.json among the rejected rows.",
                train.text());
        assertTrue(findings.get(findings.size() - 1).text().endsWith("All log-probabilities are finite."));
        assertTrue(Files.readString(folder.resolve("run/report/index.html")).contains("score-train-*.json"));
    }

    /** Gold is d·(2 − d) and the proxy 3·d, at √KL = 0, .5, 1, 1.5 and 2. */
    @Test
    void showsGoldFallingBehindItsTurnWhileTheProxyRises() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3);
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            double d = i / 2.0;
            double gold = 5 + d * (2 - d);
            points.append(
                    "{\"step\": %d, \"kl\": %s, \"kl_se\": 0.01, \"k1\": 0, \"k3\": 0, \"proxy\": %s, \"proxy_se\": 0.01,"
                                    .formatted(8 * i, d * d, 3 * d)
                            + " \"gold\": %s, \"gold_se\": 0.01, \"logps_shift/chosen\": %s, \"logps_shift/rejected\": -9,"
                                    .formatted(gold, -d)
                            + " \"completions\": 20, \"tokens\": 7.5}\n");
        }
        run.file("gauge/points.jsonl", points.toString());

        List<Finding> findings = stage.run(run.path(), Progress.NONE).findings();

        String gold = text(findings, "Gold reward");
        assertTrue(gold.contains("changed by 0 (95 % interval −0.028 to 0.028)"), gold);
        assertTrue(gold.contains("It is highest at step 16, 6."), gold);
        assertTrue(gold.contains("fell by 1 while the proxy rose by 3: that is overoptimization"), gold);
        assertTrue(gold.contains("d·(α − β·d) with α = 2 and β = 1, it is falling"), gold);
        assertTrue(gold.contains("turns at √KL = 1 (95 % interval "), gold);
        String proxy = text(findings, "Proxy reward");
        assertTrue(proxy.contains("is still rising with distance (slope 3"), proxy);
        assertTrue(text(findings, "Distance from the reference").contains("4 nats a completion"), findings.toString());
        String html = Files.readString(folder.resolve("run/report/index.html"));
        for (String figure : List.of("gauge", "gauge-gold", "gauge-proxy", "gauge-kl", "logps-shift")) {
            assertTrue(html.contains("id=\"figure-" + figure + "\""), figure);
        }
    }

    @Test
    void saysThatNoGoldIsKnownAndDrawsWhatThereIs() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, -0.3);
        String point =
                "{\"step\": %d, \"kl\": %s, \"kl_se\": 0.01, \"k1\": 0, \"k3\": 0, \"completions\": 20, \"tokens\": 7.5}\n";
        run.file("gauge/points.jsonl", point.formatted(0, "0") + point.formatted(16, "0.5"));

        List<Finding> findings = stage.run(run.path(), Progress.NONE).findings();

        assertTrue(
                text(findings, "No gold reward").contains("Name a reward that nothing is optimized against in"),
                findings.toString());
        String html = Files.readString(folder.resolve("run/report/index.html"));
        assertTrue(html.contains("id=\"figure-gauge-kl\"") && !html.contains("id=\"figure-gauge-gold\""), "figures");

        run.file("gauge/points.jsonl", point.formatted(0, "null"));
        RpoException e = assertThrows(RpoException.class, () -> stage.run(run.path(), Progress.NONE));
        assertTrue(e.getMessage().contains("points.jsonl: it is damaged, a point without kl"), e.getMessage());
    }

    @Test
    void escapesEverythingThatComesFromFiles() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run <b>&"), 0.5, 1, 0.1, 0.7, 0.8);
        run.file("resolved.conf", "rpo.output = \"%s\"\n".formatted(HOSTILE.replace("\"", "\\\"")));
        run.file(
                "data/report.json",
                "{\"%1$s\": [{\"reason\": \"%1$s\", \"%1$s\": 1}]}".formatted(HOSTILE.replace("\"", "\\\"")));
        run.file("gold.json", """
                {"prompts": 1, "temperature": 1, "epochs": [{"epoch": 0, "gold": 0.5}],
                 "samples": [{"prompt": "<img src=x>", "answer": "<script>", "finished": true, "gold": 0.1}]}
                """);

        stage.run(run.path(), Progress.NONE);
        stage.compare(
                new Comparison("<i>", HOSTILE, List.of(HOSTILE), List.of(run.path())),
                new org.apache.hadoop.fs.Path(folder.resolve("cmp").toUri()),
                Progress.NONE);

        for (String page : List.of("run <b>&/report/index.html", "cmp/index.html")) {
            String html = Files.readString(folder.resolve(page));
            assertFalse(html.contains("<script"), page);
            assertFalse(html.contains("<img src=x"), page);
            assertFalse(html.contains("<b>&"), page);
        }
    }

    @Test
    void drawsARunThatStoppedEarly() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, 0);
        Files.delete(folder.resolve("run/eval/metrics.json"));
        Files.delete(folder.resolve("run/resolved.conf"));
        run.file("train/metrics.jsonl", "{\"step\": 1, \"loss\": 0.693, \"logps/chosen\": NaN}\n");

        stage.run(run.path(), Progress.NONE);

        assertTrue(Files.readString(folder.resolve("run/report/index.html")).contains("This run has no evaluation"));
    }

    @Test
    void saysThatARunFailedAndNotThatItIsRunning() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, 0);
        String lead = "optimizer steps · %s";

        run.file("status.json", "{\"command\": \"run\", \"stage\": \"report\", \"state\": \"running\"}");
        stage.run(run.path(), Progress.NONE);
        assertFalse(Files.readString(folder.resolve("run/report/index.html")).contains(lead.formatted("running")));

        run.file("status.json", "{\"command\": \"train\", \"stage\": \"train\", \"state\": \"failed\"}");
        stage.run(run.path(), Progress.NONE);
        assertTrue(Files.readString(folder.resolve("run/report/index.html")).contains(lead.formatted("failed")));
    }

    @Test
    void refusesAFolderThatIsNoRun() {
        org.apache.hadoop.fs.Path nothing =
                new org.apache.hadoop.fs.Path(folder.resolve("nothing").toUri());
        RpoException e = assertThrows(RpoException.class, () -> stage.run(nothing, Progress.NONE));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().contains("nothing"), e.getMessage());
    }

    @Test
    void refusesADamagedFileByItsName() throws IOException {
        SyntheticRun run = SyntheticRun.write(folder.resolve("run"), 0, 1, 0).file("eval/metrics.json", "{\"loss\": ");
        RpoException e = assertThrows(RpoException.class, () -> stage.run(run.path(), Progress.NONE));
        assertTrue(e.getMessage().contains("eval/metrics.json"), e.getMessage());
    }

    @Test
    void comparisonSaysWhatThePaperSaysWhereTheRunsShowIt() throws IOException {
        List<Finding> findings = compare(
                new double[] {-0.3, 0.1, 0.2}, new double[][] {{0.7, 0.8, 0.6}, {0.7, 0.8, 0.85}, {0.7, 0.75, 0.78}});
        assertEquals(
                List.of(Verdict.AGREES),
                findings.stream().map(Finding::verdict).distinct().toList(),
                findings.toString());
        assertTrue(text(findings, "Best η").contains("η = 0.5 has the highest"), findings.toString());
        assertTrue(
                text(findings, "DPO: gold reward over training").contains("highest after epoch 1"),
                findings.toString());
    }

    @Test
    void comparisonSaysSoWhereTheRunsShowTheOpposite() throws IOException {
        List<Finding> findings = compare(
                new double[] {0.3, 0.1, 0.2}, new double[][] {{0.7, 0.8, 0.9}, {0.7, 0.8, 0.85}, {0.7, 0.75, 0.78}});
        assertFalse(findings.stream().anyMatch(f -> f.verdict() == Verdict.AGREES), findings.toString());
        assertTrue(
                text(findings, "DPO: log-probability of the chosen answers").contains("these runs do not"),
                findings.toString());
        assertTrue(text(findings, "Best η").contains("edge of the range"), findings.toString());
    }

    private List<Finding> compare(double[] slopes, double[][] gold) throws IOException {
        double[] etas = {0, 0.5, 1};
        List<org.apache.hadoop.fs.Path> runs = new ArrayList<>();
        for (int i = 0; i < etas.length; i++) {
            for (long seed = 1; seed <= 3; seed++) {
                double[] shifted = gold[i].clone();
                for (int epoch = 0; epoch < shifted.length; epoch++) {
                    shifted[epoch] += 0.004 * seed;
                }
                runs.add(SyntheticRun.write(folder.resolve(i + "-" + seed), etas[i], seed, slopes[i], shifted)
                        .path());
            }
        }
        Comparison comparison = new Comparison("Comparison", "synthetic", List.of(), runs);
        return stage.compare(
                        comparison,
                        new org.apache.hadoop.fs.Path(folder.resolve("report").toUri()),
                        Progress.NONE)
                .findings();
    }

    private static String text(List<Finding> findings, String topic) {
        return findings.stream()
                .filter(f -> f.topic().equals(topic))
                .findFirst()
                .orElseThrow()
                .text();
    }
}
