package ai.rpo.spark.gauge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.gauge.GroupedMean;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.gauge.DivergenceJob.Measured;
import ai.rpo.spark.gauge.GaugePoint.LogpsShift;
import ai.rpo.spark.gauge.Rater.Rated;
import ai.rpo.spark.generate.GenerateSettings;
import ai.rpo.spark.generate.GenerateStage;
import ai.rpo.spark.generate.PromptSource;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Measures policies: each answers the prompts, and its completions say how far it is from the reference and what they
 * are worth.
 *
 * <p>A point is a folder with {@code completions}, what rating left, and {@code point.json}, which is written last. A
 * point that is there for the same weights and the same gauge is not made again; one that was interrupted keeps the
 * completions it had.
 */
public final class PolicyGauge {

    private static final String STEP = "step-";
    private static final String FILE = "point.json";

    private final SparkSession spark;
    private final Plan plan;
    private final Path folder;
    private final Fence fence;

    /**
     * Says what every policy is measured by.
     *
     * @param identity of all that a point depends on beside the policy
     * @param reference what distances are from
     * @param chatTemplate how conversations are written for the policies
     * @param source how rows of prompts are read
     * @param generate the prompts, and how they are answered
     * @param scoring for divergences and log-probabilities
     * @param proxy absent where nobody is optimized against
     * @param gold absent where nobody knows
     * @param pairs folder of pairs with the reference's log-probabilities; absent where there are none
     */
    public record Plan(
            String identity,
            LocalModel reference,
            TemplateChoice chatTemplate,
            PromptSource source,
            GenerateSettings generate,
            ScoreSettings scoring,
            Optional<Rater> proxy,
            Optional<Rater> gold,
            Optional<Path> pairs) {}

    /**
     * @param folder for a folder each point
     * @param fence asked before anything is removed
     */
    public PolicyGauge(SparkSession spark, Plan plan, Path folder, Fence fence) {
        this.spark = spark;
        this.plan = plan;
        this.folder = folder;
        this.fence = fence;
    }

    /** Finds the points that are there, by their steps. */
    public List<GaugePoint> points() {
        return folders().stream()
                .flatMap(name -> new SmallFile(new Path(new Path(folder, name), FILE), hadoop()).read().stream())
                .flatMap(text -> StoredPoint.parse(text).stream())
                .filter(stored -> stored.identity().equals(plan.identity()))
                .map(StoredPoint::point)
                .toList();
    }

    private List<String> folders() {
        try {
            FileSystem store = Stores.open(folder, hadoop());
            return !store.exists(folder)
                    ? List.of()
                    : Arrays.stream(store.listStatus(folder))
                            .map(found -> found.getPath().getName())
                            .filter(name -> name.startsWith(STEP))
                            .sorted()
                            .toList();
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot list " + folder + ": " + e + ". Check the store, and run the command again.",
                    e);
        }
    }

    /**
     * Measures a policy, unless it has been.
     *
     * @param step optimizer steps that it has been trained for
     * @throws RpoException where prompts cannot be answered, or what they are answered cannot be rated
     */
    public GaugePoint measure(long step, LocalModel policy, Progress progress) {
        Path own = new Path(folder, String.format(Locale.ROOT, STEP + "%08d", step));
        Progress told = (what, done, total) -> progress.update(what + " of step " + step, done, total);
        return measure(own, step, policy, told);
    }

    /** Measures the reference in a policy's place, unless it has been. */
    public GaugePoint measureReference(Progress progress) {
        Progress told = (what, done, total) -> progress.update(what + " of the reference", done, total);
        return measure(new Path(folder, "reference"), 0, plan.reference, told);
    }

    private GaugePoint measure(Path own, long step, LocalModel policy, Progress progress) {
        SmallFile file = new SmallFile(new Path(own, FILE), hadoop());
        Optional<GaugePoint> before = file.read().flatMap(StoredPoint::parse).stream()
                .filter(stored -> stored.isOf(plan.identity(), policy.fingerprint()))
                .map(StoredPoint::point)
                .findFirst();
        if (before.isPresent()) {
            return before.get();
        }
        GaugePoint point = point(own, step, policy, progress);
        fence.check();
        file.write(new StoredPoint(plan.identity(), policy.fingerprint(), point).toJson());
        return point;
    }

    private GaugePoint point(Path own, long step, LocalModel policy, Progress progress) {
        Path completions = generate(own, policy, progress);
        List<Measured> measured = new DivergenceJob(spark, plan.scoring)
                .run(new DivergenceRole.Models(policy, plan.reference), completions, progress);
        return new GaugePoint(
                step,
                measured.size(),
                mean(measured, Measured::tokens).mean(),
                mean(measured, each -> each.divergence().kl()),
                mean(measured, each -> each.divergence().k1()).mean(),
                mean(measured, each -> each.divergence().k3()).mean(),
                plan.proxy.map(rater -> rated(rater, completions, new Path(own, "proxy"), progress)),
                plan.gold.map(rater -> rated(rater, completions, new Path(own, "gold"), progress)),
                plan.pairs.map(pairs -> shift(policy, pairs, progress)));
    }

    private Path generate(Path own, LocalModel policy, Progress progress) {
        String digest = new Fingerprint(Map.of("gauge", plan.identity, "policy", policy.fingerprint())).digest();
        GenerateStage.Result generated = new GenerateStage(
                        spark, policy, plan.chatTemplate, plan.source, plan.scoring.precision(), plan.generate)
                .run(new ArtifactDirectory(own, fence, hadoop()), digest, progress);
        if (generated.prompts() < 2) {
            throw RpoException.data(
                    "Cannot gauge with one prompt: nobody could tell how certain its numbers are. Give more in"
                            + " rpo.gauge.prompts.");
        }
        return new Path(own, "completions");
    }

    private static GroupedMean rated(Rater rater, Path completions, Path output, Progress progress) {
        return mean(rater.rate(completions, output, progress), Rated::prompt, Rated::reward);
    }

    private LogpsShift shift(LocalModel policy, Path pairs, Progress progress) {
        List<PairResult> results =
                new EvaluateStage(spark, plan.scoring).results(policy, new RpoObjective(), pairs, progress);
        return new LogpsShift(
                mean(results, PairResult::ordinal, pair -> pair.chosenLogps() - pair.referenceChosen())
                        .mean(),
                mean(results, PairResult::ordinal, pair -> pair.rejectedLogps() - pair.referenceRejected())
                        .mean());
    }

    private static GroupedMean mean(List<Measured> measured, ToDoubleFunction<Measured> number) {
        return mean(measured, Measured::prompt, number);
    }

    private static <T> GroupedMean mean(Collection<T> all, ToLongFunction<T> group, ToDoubleFunction<T> number) {
        return GroupedMean.of(all.stream()
                .collect(Collectors.groupingBy(
                        group::applyAsLong,
                        TreeMap::new,
                        Collectors.mapping(number::applyAsDouble, Collectors.toList())))
                .values());
    }

    private Configuration hadoop() {
        return spark.sparkContext().hadoopConfiguration();
    }
}
