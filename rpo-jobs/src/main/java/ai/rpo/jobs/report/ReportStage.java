package ai.rpo.jobs.report;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.gauge.GaugePoints;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Draws what runs left behind: {@code index.html}, which needs no other file and no network, and each figure once more
 * as PNG beside it. Reads artifacts only, so it can be repeated at any time, on any Hadoop file system.
 */
public final class ReportStage {

    private static final String WHAT = "report";
    private static final String FROM_FILES = "Drawn by rpo from the run's own files";

    private final Configuration hadoop;

    public ReportStage(Configuration hadoop) {
        this.hadoop = hadoop;
    }

    /**
     * Says what was written.
     *
     * @param page the HTML file
     * @param findings its conclusions
     */
    public record Report(Path page, List<Finding> findings) {

        public Report {
            findings = List.copyOf(findings);
        }
    }

    /**
     * One run, into its own {@code report/}.
     *
     * @throws RpoException where the directory holds no run, a file of it is damaged or the report cannot be written
     */
    public Report run(Path runDirectory, Progress progress) {
        progress.update(WHAT, 0, 2);
        RunArtifacts run = RunArtifacts.read(runDirectory, hadoop);
        progress.update(WHAT, 1, 2);
        Page page = drawing(runDirectory, () -> RunReport.of(run));
        Path written = write(page, new Path(runDirectory, "report"), FROM_FILES);
        progress.update(WHAT, 2, 2);
        return new Report(written, RunFindings.of(run));
    }

    /** Writes what a judge found in a run directory, into its {@code judge/}; nothing where nobody judged. */
    public void judge(Path runDirectory, Progress progress) {
        progress.update(WHAT, 0, 1);
        JudgeArtifacts.read(runDirectory, hadoop)
                .ifPresent(judged -> write(
                        drawing(runDirectory, () -> JudgeReport.of(runDirectory.getName(), judged)),
                        new Path(runDirectory, "judge"),
                        FROM_FILES));
        progress.update(WHAT, 1, 1);
    }

    /** Several runs, into {@code output}. */
    public Report compare(Comparison comparison, Path output, Progress progress) {
        int total = comparison.runs().size() + 1;
        List<RunArtifacts> runs = new ArrayList<>();
        for (Path directory : comparison.runs()) {
            progress.update(WHAT, runs.size(), total);
            runs.add(RunArtifacts.read(directory, hadoop));
        }
        List<Variant> variants = Variant.byEta(runs);
        List<Finding> findings = ComparisonFindings.of(variants);
        Page page = drawing(output, () -> ComparisonReport.of(comparison, runs, variants, findings));
        Path written = write(page, output, FROM_FILES);
        progress.update(WHAT, total, total);
        return new Report(written, findings);
    }

    /** The rounds of an online alignment, into the folder that has their {@code rounds.jsonl}. */
    public void rounds(Path folder) {
        List<JsonNode> rounds = new SmallFile(new Path(folder, "rounds.jsonl"), hadoop)
                .read()
                .orElse("")
                .lines()
                .map(ReportStage::json)
                .toList();
        Optional<GaugePoints> gauged = new SmallFile(new Path(folder, "points.jsonl"), hadoop)
                .read()
                .flatMap(points ->
                        GaugePoints.parse(points, new SmallFile(new Path(folder, "reference.json"), hadoop).read()));
        write(drawing(folder, () -> RoundsReport.of(folder.getParent().getName(), rounds, gauged)), folder, FROM_FILES);
    }

    private static JsonNode json(String line) {
        try {
            return RunArtifacts.JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw RpoException.data("Cannot draw the rounds: rounds.jsonl has a line that is not JSON ("
                    + e.getOriginalMessage() + "). Run the command online again, which writes it anew.");
        }
    }

    /** Policies that were aligned offline and online, into {@code output}. */
    public Report online(OnlineComparison comparison, Path output, Progress progress) {
        progress.update(WHAT, 0, 1);
        List<Finding> findings = OnlineFindings.of(comparison);
        Page page = drawing(output, () -> OnlineReport.of(comparison, findings));
        Path written = write(page, output, FROM_FILES);
        progress.update(WHAT, 1, 1);
        return new Report(written, findings);
    }

    /**
     * Runs of whatever settings, into {@code output}.
     *
     * @throws RpoException where one of the directories holds no run
     */
    public Report sideBySide(List<Path> directories, Path output, Progress progress) {
        List<RunArtifacts> runs = new ArrayList<>();
        for (Path directory : directories) {
            progress.update(WHAT, runs.size(), directories.size() + 1);
            runs.add(RunArtifacts.read(directory, hadoop));
        }
        Differences differences = Differences.of(runs);
        List<Variant> variants = differences.variants();
        List<Finding> findings = differences.areOfEta() ? ComparisonFindings.of(variants) : List.of();
        Comparison comparison = new Comparison(
                runs.size() + (runs.size() == 1 ? " run" : " runs side by side"),
                differences.describe(),
                runs.stream().map(run -> run.directory().toString()).toList(),
                directories);
        Page page = drawing(output, () -> ComparisonReport.of(comparison, runs, variants, findings));
        Path written = write(page, output, FROM_FILES);
        progress.update(WHAT, directories.size() + 1, directories.size() + 1);
        return new Report(written, findings);
    }

    /** The theory's page, computed here and now, into {@code output}. */
    public Report theory(Path output, Progress progress) {
        new RunDirectory(output, hadoop).make(); // before any work
        TheoryResults results = TheoryResults.compute(progress);
        Page page = drawing(output, () -> TheoryReport.of(results));
        return new Report(write(page, output, "Computed and drawn by rpo"), new TheoryFindings(results).all());
    }

    /** A Java runtime without fonts throws an Error from deep inside AWT. */
    private static Page drawing(Path what, Supplier<Page> draw) {
        try {
            return draw.get();
        } catch (InternalError | UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new RpoException(
                    RpoException.Kind.OTHER,
                    String.format(
                            Locale.ROOT,
                            "Cannot draw the figures of %s: this Java runtime cannot use fonts (%s). Install fontconfig and a font, such as the packages fontconfig and fonts-dejavu-core, and run the report command again; nothing else is lost.",
                            what,
                            e.getMessage()),
                    e);
        }
    }

    /** @param how the page came about */
    private Path write(Page page, Path folder, String how) {
        page.pictures().forEach((name, png) -> new SmallFile(new Path(folder, name), hadoop).write(png));
        SmallFile index = new SmallFile(new Path(folder, "index.html"), hadoop);
        index.write(page.render(
                String.format(Locale.ROOT, "%s at %s.", how, Instant.now().truncatedTo(ChronoUnit.SECONDS))));
        return index.path();
    }
}
