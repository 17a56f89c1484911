package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.online.GaugedRounds;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.online.OnlineSettings.Base;
import ai.rpo.jobs.online.OnlineSettings.By;
import ai.rpo.jobs.online.OnlineSettings.Moments;
import ai.rpo.jobs.online.OnlineSettings.Reference;
import ai.rpo.jobs.online.RoundNote;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.store.RunDirectory;
import com.typesafe.config.ConfigUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Aligns a policy online: in each round it answers the prompts, and learns from its own answers as they are rated.
 *
 * <p>A round is a run directory, and made of the stages of any run; so whatever a killed command has finished is used again.
 */
final class OnlineRounds {

    private final ConfigurationSources sources;
    private final RunningCommand running;
    private final Settings settings;
    private final OnlineSettings online;
    private final boolean reports;

    /**
     * @param sources of the configuration that the command runs with
     * @param reports whether pages are drawn of each round and over all
     */
    OnlineRounds(ConfigurationSources sources, RunningCommand running, boolean reports) {
        this.sources = sources;
        this.running = running;
        this.settings = running.configuration().settings();
        this.online = settings.online();
        this.reports = reports;
    }

    void run() {
        check();
        String policy = settings.model().path().orElseThrow();
        List<RunDirectory> finished = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Optional<GaugedRounds> gauged = Optional.empty();
        boolean turned = false;
        while (finished.size() < online.rounds() && !turned) {
            int number = finished.size() + 1;
            RunDirectory run = directory(number);
            running.say("round", number + " of " + online.rounds() + ", from " + policy + " → " + run.path());
            rate(number, policy, run);
            running.make(configuration(number, policy, run, List.of()), run, Stages::pairs);
            running.make(configuration(number, policy, run, pairs(run)), run, reports ? Stages::report : Stages::train);
            finished.add(run);
            Optional<GaugePoint> point = gauged.flatMap(GaugedRounds::model);
            gauged = gauged(finished);
            notes.add(RoundNote.of(number, policy, run, number == 1 ? gauged.flatMap(GaugedRounds::start) : point));
            write(notes, gauged);
            policy = run.path("model").toString();
            turned = online.stopAtTurn()
                    && gauged.filter(GaugedRounds::isBehindTheTurn).isPresent();
        }
        if (reports) {
            RunDirectory next = directory(finished.size() + 1);
            running.say("last", "what " + policy + " answers → " + next.path());
            rate(finished.size() + 1, policy, next);
            notes.add(RoundNote.ofLast(finished.size() + 1, policy, next, gauged, turned));
            write(notes, gauged);
        }
        end(finished.size(), turned, gauged);
        running.say("online", "done → " + policy);
    }

    /** The policy answers, its answers are rated, and its distance from the first round's reference is measured by them. */
    private void rate(int number, String policy, RunDirectory run) {
        ResolvedConfiguration sampling = configuration(number, policy, run, List.of());
        running.make(sampling, run, Stages::generate);
        running.make(sampling, run, this::rating);
        running.make(
                configuration(number, policy, run, List.of("rpo.reference.path=" + ConfigUtil.quoteString(start()))),
                run,
                Stages::distance);
    }

    private Optional<GaugedRounds> gauged(List<RunDirectory> finished) {
        return settings.gauge().isOn()
                ? GaugedRounds.of(
                        finished,
                        settings.selection().isByGauge() ? settings.selection().metric() : Optional.empty())
                : Optional.empty();
    }

    private void write(List<String> notes, Optional<GaugedRounds> gauged) {
        running.output().file("online/rounds.jsonl").write(String.join("", notes));
        gauged.ifPresent(points -> {
            running.output().file("online/points.jsonl").write(points.toJsonLines());
            running.output()
                    .file("online/reference.json")
                    .write(points.reference().toJson() + "\n");
        });
        if (reports) {
            new ReportStage(running.spark().hadoop()).rounds(running.output().path("online"));
        }
    }

    /** Says where the gold reward is highest, and why there is no further round. */
    private void end(int rounds, boolean turned, Optional<GaugedRounds> gauged) {
        gauged.filter(points -> points.best().isPresent()).ifPresent(points -> {
            String words = (turned
                            ? "ended after round " + rounds + " of " + online.rounds()
                                    + ", behind the turn of the gold reward. "
                            : "")
                    + points.describe();
            running.say("gauge", words);
            running.status().note(words);
        });
    }

    private RunDirectory directory(int number) {
        return running.output().below(String.format(Locale.ROOT, "online/round-%02d", number));
    }

    /** Refuses, before the first round, what would stop one. */
    private void check() {
        if (settings.data().format().isPresent()) {
            throw RpoException.configuration("Cannot align online with rpo.data.format = "
                    + settings.data().format().get()
                    + ": a round's own pairs are rows of token ids. Leave it out; the format"
                    + " of each row is recognised.");
        }
        if (online.offlineShare() > 0 && settings.data().train().isEmpty()) {
            throw RpoException.configuration("Cannot mix offline pairs in with rpo.online.offline-share = "
                    + online.offlineShare() + ": there are none. Name them with rpo.data.train.");
        }
        if (online.regularizeOn() != Base.BOTH) {
            requireRegularizer();
        }
        requireOneCourse();
        requireMoments();
        if (online.by() == By.REWARD_MODEL && settings.rate().model().isEmpty()) {
            throw RpoException.configuration("Cannot rate by rpo.online.by = reward-model: rpo.rate.model has no value."
                    + " Name a reward model there, or set rpo.online.by = judge or program.");
        }
        rating(running.stages(running.configuration(), running.output())).checkMakeable();
    }

    /** Distances from a reference that moves along are none that a turn could be seen over. */
    private void requireOneCourse() {
        if (!settings.gauge().isOn() || !online.stopAtTurn()) {
            return;
        }
        if (settings.gauge().gold().isEmpty()) {
            running.say(
                    "note",
                    "the rounds do not end at the gauge's turn, as rpo.gauge.gold says of nothing what it is worth");
        } else if (online.reference() == Reference.PREVIOUS) {
            throw RpoException.configuration("Cannot end at the gauge's turn with rpo.online.reference = previous: each"
                    + " round's distances are from its own beginning. Set rpo.online.stop-at-turn = false, or"
                    + " rpo.online.reference = start.");
        }
    }

    private void requireMoments() {
        if (online.optimizer() != Moments.KEPT) {
            return;
        }
        TrainSettings train = settings.train();
        if (train.optimizer() == TrainSettings.Optimizer.SGD && !train.outer().hasMomentum()) {
            throw RpoException.configuration("Cannot keep the optimizer's state with rpo.online.optimizer = kept:"
                    + " rpo.train.optimizer = sgd has none. Set rpo.online.optimizer = fresh.");
        }
        if (settings.lora().rank() > 0 && settings.export().form() != ExportForm.Kind.ADAPTER) {
            throw RpoException.configuration(
                    "Cannot keep the optimizer's state with rpo.online.optimizer = kept: each round"
                            + " begins a new adapter on the merged model. Set rpo.export.form = adapter, with which rounds go on"
                            + " training one adapter, or rpo.online.optimizer = fresh.");
        }
    }

    private void requireRegularizer() {
        String key =
                "rpo.online.regularize-on = " + online.regularizeOn().name().toLowerCase(Locale.ROOT);
        if (!(settings.objective() instanceof RpoObjective rpo) || rpo.eta() == 0) {
            throw RpoException.configuration("Cannot use " + key + ": the objective "
                    + settings.objective().title()
                    + " has no supervised term. Set rpo.objective.eta above 0, or leave the key out.");
        }
        if (online.regularizeOn() == Base.OFFLINE && online.offlineShare() == 0) {
            throw RpoException.configuration("Cannot use " + key + ": rounds have no offline pairs. Mix some in with"
                    + " rpo.online.offline-share and rpo.data.train.");
        }
    }

    private Stage rating(Stages stages) {
        return online.by() == By.REWARD_MODEL ? stages.rate() : stages.rateByJudge();
    }

    /**
     * The keys that make a round of the configuration, behind those that were given.
     *
     * @param more that one of its stages has beyond the others
     */
    private ResolvedConfiguration configuration(int number, String policy, RunDirectory run, List<String> more) {
        List<String> own = new ArrayList<>();
        own.add("rpo.model.path=" + ConfigUtil.quoteString(policy));
        own.add("rpo.reference.path=" + ConfigUtil.quoteString(reference(policy)));
        own.add("rpo.generate.prompts=" + RunningCommand.list(online.prompts()));
        own.add("rpo.generate.format=jsonl");
        own.add("rpo.generate.samples-per-prompt=" + online.samplesPerPrompt());
        own.add("rpo.generate.seed=" + (settings.generate().seed() + number - 1));
        own.add("rpo.train.seed=" + (settings.train().seed() + number - 1));
        own.add("rpo.rate.completions="
                + RunningCommand.list(List.of(run.path("generate/completions").toString())));
        own.addAll(more);
        return running.within(sources, run, own, Job.ONLINE);
    }

    private String reference(String policy) {
        return online.reference() == Reference.PREVIOUS ? policy : start();
    }

    /** Gives the path of what the first round is tied to. */
    private String start() {
        return settings.reference()
                .path()
                .orElseGet(() -> settings.model().path().orElseThrow());
    }

    private static List<String> pairs(RunDirectory run) {
        List<String> paths = new ArrayList<>(List.of(run.path("pairs/rows").toString()));
        if (run.exists("pairs/offline.jsonl")) {
            paths.add(run.path("pairs/offline.jsonl").toString());
        }
        return List.of("rpo.data.train=" + RunningCommand.list(paths));
    }
}
