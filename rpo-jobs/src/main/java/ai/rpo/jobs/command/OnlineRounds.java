package ai.rpo.jobs.command;

import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.online.GaugedRounds;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.online.OnlineSettings.Reference;
import ai.rpo.jobs.online.RoundNote;
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
        new OnlineChecks(settings, text -> running.say("note", text))
                .check(running.stages(running.configuration(), running.output()));
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
        running.say(
                "online",
                "done → " + policy
                        + (reports ? "; all rounds: " + running.output().path("online/index.html") : ""));
    }

    /** The policy answers, its answers are rated, and its distance from the first round's reference is measured by them. */
    private void rate(int number, String policy, RunDirectory run) {
        ResolvedConfiguration sampling = configuration(number, policy, run, List.of());
        running.make(sampling, run, Stages::generate);
        running.make(sampling, run, Stages::rateRound);
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
