package ai.rpo.jobs.demo;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.report.Comparison;
import ai.rpo.jobs.report.GoldRecord;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.jobs.report.ReportStage.Report;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * DPO and RPO from the same start, in a world where a program can grade every answer: preferences over the base model's
 * own answers, a run for each seed and each η through the stages that any run goes through, and the gold reward of each
 * epoch's policy on prompts that no training saw.
 */
public final class Demo {

    static final long UNSEEN_SEED = 0;
    static final long SAMPLING_SEED = 1;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final DemoPlan plan;
    private final Runs runs;
    private final Function<Path, Respondent> models;
    private final ReportStage report;

    /** Makes a run as {@code ./rpo} does, up to and with its evaluation. */
    @FunctionalInterface
    public interface Runs {

        void evaluate(Path configuration, Progress progress);
    }

    public Demo(DemoPlan plan, Runs runs, ReportStage report) {
        this(plan, runs, SampledModel::open, report);
    }

    Demo(DemoPlan plan, Runs runs, Function<Path, Respondent> models, ReportStage report) {
        this.plan = plan;
        this.runs = runs;
        this.models = models;
        this.report = report;
    }

    /**
     * @return the comparison, with what was found
     * @throws RpoException where a run fails or the folder cannot be written
     */
    public Report run(DemoFolder folder, Progress progress) {
        try {
            BaseModel.unpack(folder.base());
            List<String> unseen =
                    PreferenceSet.prompts(new SplittableRandom(UNSEEN_SEED), Set.of(), plan.unseenPrompts());
            Grading grading = new Grading(models, unseen, SAMPLING_SEED);
            double base = grading.gold(folder.base());
            SeedPairs pairs =
                    new SeedPairs(folder, models.apply(folder.base()), unseen, plan.pairs(), plan.heldOutPairs());
            List<PreferenceSet> preferences = new ArrayList<>();
            List<DemoRun> finished = new ArrayList<>();
            for (long seed : plan.seeds()) {
                preferences.add(pairs.collect(seed, progress));
                for (double eta : plan.etas()) {
                    DemoRun run = new DemoRun(folder, seed, eta);
                    run.writeConfiguration();
                    run.shareWith(finished);
                    String prefix = String.format(Locale.ROOT, "run %d/%d ", finished.size() + 1, plan.runs());
                    Progress ofRun = (what, done, total) -> progress.update(prefix + what, done, total);
                    runs.evaluate(run.configuration(), ofRun);
                    GoldRecord gold = grading.grade(base, run.checkpoints(), ofRun);
                    Files.writeString(run.directory().resolve(GoldRecord.FILE), JSON.writeValueAsString(gold));
                    run.dropOldCheckpoints();
                    finished.add(run);
                }
            }
            return report.compare(comparison(finished, preferences, base), hadoop(folder.report()), progress);
        } catch (IOException e) {
            throw folder.unwritable(e);
        }
    }

    private Comparison comparison(List<DemoRun> finished, List<PreferenceSet> preferences, double base) {
        String wrong = preferences.stream()
                .map(set -> String.format(Locale.ROOT, "%.0f %%", 100 * set.wrongShare()))
                .collect(Collectors.joining(", "));
        String passedOver = preferences.stream()
                .map(set -> String.format(Locale.ROOT, "%d of %d", set.equal() + set.unfit(), set.asked()))
                .collect(Collectors.joining(", "));
        return new Comparison(
                "DPO and RPO where every answer has a gold reward",
                plan.describe(),
                List.of(
                        "A prompt is six letters and an equals sign; the right answer is the same letters in the same order. The gold reward of an answer is the share of positions it gets right, less 0.1 for each letter too many or too few. Training never sees it.",
                        String.format(
                                Locale.ROOT,
                                "The base model has 0.33 million parameters. It learnt from a careless writer, half of whose answers are right while the others carry one to three slips. Its own answers to the %d unseen prompts have a mean gold reward of %.3f.",
                                plan.unseenPrompts(),
                                base),
                        String.format(
                                Locale.ROOT,
                                "Preferences: for each fresh prompt the base model gives two answers at temperature 1, and a noisy judge prefers the first with probability σ(3·Δ), Δ being the difference of their gold rewards. Prompts whose two answers are equal tell nothing and are passed over, as are answers that cannot be written as text (by seed: %s prompts). Of the %d pairs of each seed the judge ranked these shares against the gold reward: %s.",
                                passedOver,
                                plan.pairs() + plan.heldOutPairs(),
                                wrong),
                        String.format(
                                Locale.ROOT,
                                "Each run trains on %d of the pairs and is evaluated on the other %d. A seed decides the pairs, their labels and the order of training, and is shared by all η; the seeds are the first %d, none left out. Every epoch's policy answers the same unseen prompts, one answer each at temperature 1, with the same random numbers in every run.",
                                plan.pairs(),
                                plan.heldOutPairs(),
                                plan.seeds().size())),
                finished.stream().map(run -> hadoop(run.directory())).toList());
    }

    static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri().toString());
    }
}
