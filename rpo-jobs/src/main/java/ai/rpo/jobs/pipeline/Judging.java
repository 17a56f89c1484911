package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Candidate;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Judgment;
import ai.rpo.core.judge.JudgmentRows;
import ai.rpo.core.judge.Matches;
import ai.rpo.core.judge.Protocol;
import ai.rpo.core.judge.QuestionRows;
import ai.rpo.core.judge.figures.Difficulty;
import ai.rpo.core.judge.figures.Figures;
import ai.rpo.core.judge.figures.LengthControl;
import ai.rpo.core.judge.figures.LengthControl.Kind;
import ai.rpo.core.judge.figures.Regularizer;
import ai.rpo.core.judge.figures.Results;
import ai.rpo.jobs.config.JudgingSettings;
import ai.rpo.jobs.config.JudgingSettings.LengthControlSettings;
import ai.rpo.jobs.config.JudgingSettings.MatchedBy;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.judge.Judge;
import ai.rpo.spark.store.Fingerprint;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.spark.api.java.JavaSparkContext;

/** Candidates' answers, or judgments made elsewhere, become win rates and scores. */
final class Judging implements Stage {

    private static final int NAMED = 5;

    private final Workplace place;
    private final JudgingSettings settings;
    private final Asking asking;
    private final Map<String, String> candidates;
    private final Optional<String> baseline;
    private final List<Stage> answers;

    /** @param answers stages that make the candidates; none where they are given */
    private Judging(Workplace place, Map<String, String> candidates, Optional<String> baseline, List<Stage> answers) {
        this.place = place;
        this.settings = place.settings().judge();
        this.asking = Asking.configured(place);
        this.candidates = candidates;
        this.baseline = baseline;
        this.answers = answers;
    }

    /** Judges what is configured. */
    static Judging configured(Workplace place) {
        JudgingSettings settings = place.settings().judge();
        return new Judging(place, settings.candidates(), settings.baseline(), List.of());
    }

    /** Judges a run's own models. */
    static Judging ofRun(Workplace place, Stage reference, Stage aligned) {
        Map<String, String> candidates = new LinkedHashMap<>();
        candidates.put("reference", place.run().path(reference.product()).toString());
        candidates.put("aligned", place.run().path(aligned.product()).toString());
        return new Judging(place, candidates, Optional.of("reference"), List.of(reference, aligned));
    }

    @Override
    public String name() {
        return "judge";
    }

    @Override
    public String folder() {
        return "judge";
    }

    @Override
    public String product() {
        return "judge/results.json";
    }

    @Override
    public List<Stage> requires() {
        return answers;
    }

    @Override
    public Optional<String> skipped() {
        return answers.isEmpty() || !place.settings().evaluate().prompts().isEmpty()
                ? Optional.empty()
                : place.withoutHeldOutPairs();
    }

    @Override
    public void checkMakeable() {
        if (answers.isEmpty()) {
            requireOneInput();
        } else if (!settings.candidates().isEmpty() || !settings.annotations().isEmpty()) {
            throw RpoException.configuration("Cannot judge: rpo.evaluate.judge has the run's own models judged, and"
                    + " rpo.judge.candidates or rpo.judge.annotations names others. Leave those out, and give them to"
                    + " the command judge.");
        }
        if (settings.annotations().isEmpty()) {
            asking.check(settings.allowMissing());
        }
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = asking.dependsOn();
        values.remove("rpo.judge.candidates");
        if (answers.isEmpty()) {
            candidates.forEach((name, path) ->
                    values.put("rpo.judge.candidates." + name, place.inputs().data(List.of(path))));
        }
        values.put("rpo.judge.annotations", data(settings.annotations()));
        values.put("rpo.judge.questions", data(settings.questions()));
        values.put("rpo.judge.references", data(settings.references()));
        LengthControlSettings control = settings.lengthControl();
        values.put(
                "rpo.judge.length-control.regularizer",
                data(control.regularizer().stream().toList()));
        values.put(
                "rpo.judge.length-control.instructions",
                data(control.instructions().stream().toList()));
        return values;
    }

    private String data(List<String> paths) {
        return paths.isEmpty() ? "" : place.inputs().data(paths);
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        LengthControl lengthControl = lengthControl();
        Difficulty difficulty = difficulty();
        Map<String, Long> counts = new LinkedHashMap<>();
        Annotations made = settings.annotations().isEmpty() ? asked(counts, progress) : given();
        place.run().file("judge/judgments").write(JudgmentRows.lines(made));
        Figures figures = Figures.of(made, Optional.of(lengthControl), difficulty, settings.allowMissing());
        place.run().file("judge/results.json").write(Json.text(Results.of(figures)));
        List<Judgment> unparsed = Figures.unparsed(made);
        if (!figures.showsRates()) {
            throw incomplete(made, unparsed);
        }
        new ReportStage(place.spark().hadoop()).judge(place.run().path(), progress);
        Results.lines(figures).forEach(place.remarks()::note);
        counts.put("judgments", (long) made.judgments().size());
        if (!unparsed.isEmpty()) {
            counts.put("without_verdict", (long) unparsed.size());
        }
        return counts;
    }

    @Override
    public void cleanUp() {
        place.redrawReport();
    }

    private void requireOneInput() {
        boolean named = !candidates.isEmpty();
        if (named != settings.annotations().isEmpty()) {
            throw RpoException.configuration("Cannot judge: "
                    + (named ? "both" : "neither") + " rpo.judge.candidates "
                    + (named ? "and" : "nor") + " rpo.judge.annotations "
                    + (named ? "are named" : "is named")
                    + ". Name answers to be judged in the one, or judgments to be counted in the other.");
        }
    }

    private RpoException incomplete(Annotations made, List<Judgment> unparsed) {
        List<String> prompts = unparsed.stream()
                .map(judgment -> judgment.subject().promptId())
                .distinct()
                .toList();
        String words = unparsed.get(0).games().stream()
                .filter(game -> game.verdict() == Verdict.UNPARSED)
                .map(game -> game.answer().strip().replaceAll("\\s+", " "))
                .findFirst()
                .orElse("");
        return RpoException.data("Cannot give rates: " + unparsed.size() + " of "
                + made.judgments().size() + " judgments have no verdict (of the prompts "
                + String.join(", ", prompts.subList(0, Math.min(NAMED, prompts.size())))
                + (prompts.size() > NAMED ? ", …" : "") + "; the first judge said \""
                + words.substring(0, Math.min(200, words.length()))
                + "\"). Run the command again to repeat questions without an answer, or set"
                + " rpo.judge.allow-missing = true to count without them; judge/judgments has all words.");
    }

    private Annotations given() {
        List<String> paths = settings.annotations();
        Annotations read = Annotations.read(String.join(", ", paths), read(paths));
        place.inputs().requireUnchanged(paths);
        return baseline.map(read::against).orElse(read);
    }

    private Annotations asked(Map<String, Long> counts, Progress progress) {
        Protocol protocol = asking.protocol();
        List<Candidate> answered = new ArrayList<>();
        candidates.forEach((name, path) -> answered.add(Candidate.read(name, path, read(List.of(path)))));
        Matches matches = Matches.of(
                protocol,
                answered,
                baseline,
                settings.questions().isEmpty()
                        ? List.of()
                        : QuestionRows.read(
                                String.join(", ", settings.questions()),
                                read(settings.questions()),
                                settings.references().isEmpty() ? List.of() : read(settings.references())),
                settings.allowMissing());
        if (answers.isEmpty()) {
            candidates.values().forEach(path -> place.inputs().requireUnchanged(List.of(path)));
        }
        Judge judge = asking.open(settings.allowMissing());
        JavaSparkContext spark =
                JavaSparkContext.fromSparkContext(place.spark().session().sparkContext());
        Judge.Asked asked = judge.ask(protocol.name(), spark.parallelize(matches.questions(protocol)), progress);
        Map<String, Answer> said = new LinkedHashMap<>(asked.answers().collectAsMap());
        counts.put("questions_asked", asked.asked());
        counts.put("known_before", asked.known());
        if (matches.leftOut() > 0) {
            counts.put("prompts_left_out", (long) matches.leftOut());
        }
        return matches.judge(protocol, judge.name(), said);
    }

    private LengthControl lengthControl() {
        LengthControlSettings control = settings.lengthControl();
        Kind kind = control.kind().orElse(control.regularizer().isPresent() ? Kind.ALPACA_EVAL : Kind.MINIMAL);
        return new LengthControl(
                kind,
                control.regularizer().map(path -> Regularizer.parse(path, asking.text(path))),
                control.c().map(OptionalDouble::of).orElse(OptionalDouble.empty()));
    }

    private Difficulty difficulty() {
        LengthControlSettings control = settings.lengthControl();
        Optional<List<String>> instructions = control.by() == MatchedBy.POSITION
                ? Optional.empty()
                : control.instructions().map(path -> QuestionRows.read(path, read(List.of(path)), List.of()).stream()
                        .map(prompt -> String.join("\n\n", prompt.turns()))
                        .toList());
        return new Difficulty(instructions, settings.allowMissing());
    }

    private List<ObjectNode> read(List<String> paths) {
        return asking.read(paths);
    }
}
