package ai.rpo.jobs.demo;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.demo.Yardstick.Reading;
import ai.rpo.jobs.report.Method;
import ai.rpo.jobs.report.OnlineComparison;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.jobs.report.ReportStage.Report;
import ai.rpo.jobs.report.Track;
import ai.rpo.jobs.report.Track.Mark;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Overoptimization of a learnt reward in the letter world: reward models that were trained on a noisy judge's preferences are
 * the proxy, the grader is the gold. Policies are aligned offline and online, by DPO and RPO, with one reward model and with an
 * ensemble, through the commands that any run goes through.
 */
public final class OnlineDemo {

    /** Streams of random numbers for the prompts of different seeds, away from those of their pairs. */
    private static final long PROMPTS_SEED = 2_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OnlinePlan plan;
    private final Commands commands;
    private final Function<Path, Respondent> models;
    private final Measures measures;
    private final ReportStage report;

    /** Does what {@code ./rpo COMMAND --config FILE} does. */
    @FunctionalInterface
    public interface Commands {

        /** @param command {@code reward}, {@code train} or {@code online} */
        void run(String command, Path configuration, Progress progress);
    }

    /** Makes what policies are measured with. */
    @FunctionalInterface
    interface Measures {

        /** @param prompts letters of the prompts that are answered */
        Yardstick with(Path base, List<Path> members, List<String> prompts);
    }

    public OnlineDemo(OnlinePlan plan, Commands commands, ReportStage report) {
        this(
                plan,
                commands,
                SampledModel::open,
                (base, members, prompts) -> new ModelYardstick(base, members, prompts, Demo.SAMPLING_SEED),
                report);
    }

    OnlineDemo(
            OnlinePlan plan,
            Commands commands,
            Function<Path, Respondent> models,
            Measures measures,
            ReportStage report) {
        this.plan = plan;
        this.commands = commands;
        this.models = models;
        this.measures = measures;
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
                    PreferenceSet.prompts(new SplittableRandom(Demo.UNSEEN_SEED), Set.of(), plan.unseenPrompts());
            SeedPairs pairs =
                    new SeedPairs(folder, models.apply(folder.base()), unseen, plan.pairs(), plan.heldOutPairs());
            List<PreferenceSet> preferences = new ArrayList<>();
            List<Double> accuracies = new ArrayList<>();
            List<Track> tracks = new ArrayList<>();
            for (long seed : plan.seeds()) {
                preferences.add(pairs.collect(seed, progress));
                WorldFiles.writeRows(
                        OnlineRun.prompts(folder, seed),
                        PreferenceSet.prompts(
                                new SplittableRandom(PROMPTS_SEED + seed), Set.copyOf(unseen), plan.prompts()),
                        letters -> WorldFiles.row("prompt", LetterWorld.prompt(letters)));
                accuracies.addAll(trainRewards(folder, seed, told(progress, tracks)));
                Yardstick yardstick = measures.with(folder.base(), OnlineRun.members(folder, plan, seed), unseen);
                Reading start = yardstick.read(folder.base());
                for (Method method : Method.values()) {
                    OnlineRun run = new OnlineRun(folder, plan, seed, method);
                    run.writeConfiguration();
                    Progress ofRun = told(progress, tracks);
                    commands.run(method.isOnline() ? "online" : "train", run.configuration(), ofRun);
                    tracks.add(track(run, start, yardstick, ofRun));
                    Files.writeString(folder.root().resolve("tracks.json"), JSON.writeValueAsString(tracks) + "\n");
                }
            }
            OnlineComparison comparison = comparison(tracks, preferences, accuracies);
            return report.online(comparison, Demo.hadoop(folder.report()), progress);
        } catch (IOException e) {
            throw folder.unwritable(e);
        }
    }

    private Progress told(Progress progress, List<Track> finished) {
        String prefix = String.format(
                Locale.ROOT,
                "run %d/%d ",
                finished.size() + 1,
                Method.values().length * plan.seeds().size());
        return (what, done, total) -> progress.update(prefix + what, done, total);
    }

    /** @return how often each reward model agrees with the noisy judge on held-out pairs */
    private List<Double> trainRewards(DemoFolder folder, long seed, Progress progress) throws IOException {
        Path configuration = folder.seed(seed).resolve("rewards.conf");
        Path output = folder.seed(seed).resolve("rewards");
        DemoConfiguration.write(
                configuration,
                "reward",
                "demo-reward.conf",
                Map.of(
                        "rpo.output", output.toString(),
                        "rpo.model.path", folder.base().toString(),
                        "rpo.data.train", List.of(folder.pairs(seed, "train").toString()),
                        "rpo.data.eval", List.of(folder.pairs(seed, "eval").toString()),
                        "rpo.reward.members", plan.members(),
                        "rpo.reward.seed", 100 * seed));
        commands.run("reward", configuration, progress);
        List<Double> accuracies = new ArrayList<>();
        for (JsonNode member :
                JSON.readTree(output.resolve("reward/held_out.json").toFile()).path("members")) {
            accuracies.add(member.path("rewards/accuracies").path("mean").asDouble());
        }
        return accuracies;
    }

    private Track track(OnlineRun run, Reading start, Yardstick yardstick, Progress progress) throws IOException {
        List<Mark> marks = new ArrayList<>(List.of(mark(0, start, start, run.method())));
        List<Path> policies = run.policies();
        List<Long> steps = run.steps();
        for (int i = 0; i < policies.size(); i++) {
            progress.update("measure", i, policies.size());
            marks.add(mark(steps.get(i), yardstick.read(policies.get(i)), start, run.method()));
        }
        return new Track(run.method(), run.seed(), marks);
    }

    /** The judge prefers by σ(3·Δ), so a reward model that has learnt its ways counts 3 for each unit of gold. */
    private static Mark mark(long step, Reading reading, Reading start, Method method) {
        double rise = method.hasEnsemble() ? reading.ensemble() - start.ensemble() : reading.single() - start.single();
        return new Mark(step, reading.kl(), start.gold() + rise / NoisyJudge.SHARPNESS, reading.gold());
    }

    private OnlineComparison comparison(List<Track> tracks, List<PreferenceSet> preferences, List<Double> accuracies) {
        String wrong = preferences.stream()
                .map(set -> String.format(Locale.ROOT, "%.0f %%", 100 * set.wrongShare()))
                .collect(Collectors.joining(", "));
        return new OnlineComparison(
                "Overoptimization of a learnt reward, seen and held off",
                plan.describe(),
                List.of(
                        "A prompt is six letters and an equals sign; the right answer is the same letters in the same order. The gold reward of an answer is the share of positions it gets right, less 0.1 for each letter too many or too few. No training and no reward model ever sees it.",
                        String.format(
                                Locale.ROOT,
                                "Preferences: of two answers of the base model a noisy judge prefers the first with probability σ(3·Δ), Δ being the difference of their gold rewards. Each seed has %d pairs to train on; the judge ranked these shares of all its pairs against the gold reward: %s.",
                                plan.pairs(),
                                wrong),
                        String.format(
                                Locale.ROOT,
                                "The proxy: for each seed %d reward models are trained on those pairs from the base model. They agree with the noisy judge on %.1f %% of %d other pairs, as a mean over all of them. One reward model is the proxy of most runs; the ensemble gives an answer the lowest of its members' rewards. A proxy's rise is divided by 3, which brings it to the gold reward's scale, and begins at the gold reward of the base model.",
                                plan.members(),
                                100
                                        * accuracies.stream()
                                                .mapToDouble(Double::doubleValue)
                                                .average()
                                                .orElse(Double.NaN),
                                plan.heldOutPairs()),
                        String.format(
                                Locale.ROOT,
                                "Offline runs train on the pairs for %d epochs. Online runs take %d rounds: the policy answers %d prompts four times each, the proxy rates the answers, and the policy learns once from the best against the worst of each prompt; the reference stays the base model. RPO's η is %s, β is 0.1.",
                                OnlineRun.OFFLINE_EPOCHS,
                                plan.rounds(),
                                plan.prompts(),
                                DemoRun.shortest(plan.eta())),
                        String.format(
                                Locale.ROOT,
                                "After each epoch and each round the policy answers the same %d unseen prompts at temperature 1, with the same random numbers. The divergence from the base model is exact in each token, summed over an answer.",
                                plan.unseenPrompts())),
                tracks);
    }
}
