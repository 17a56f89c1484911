package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.JudgePrompts;
import ai.rpo.core.judge.JudgeProtocol;
import ai.rpo.core.judge.Judgment;
import ai.rpo.core.judge.Protocol;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.Samples;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.judge.Judge;
import ai.rpo.spark.judge.JudgeSettings;
import ai.rpo.spark.judge.JudgeSettings.By;
import ai.rpo.spark.judge.JudgeSettings.ModelSettings;
import ai.rpo.spark.judge.Judges;
import ai.rpo.spark.judge.RowFiles;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Says how a stage asks a judge, which {@code rpo.judge} describes.
 *
 * @param settings of the judge
 * @param named the protocol; absent where nobody has named one
 */
record Asking(Workplace place, JudgeSettings settings, Optional<JudgeProtocol> named) {

    /** Keys of {@code rpo.judge} that are of no use to ratings. */
    private static final List<String> OF_CANDIDATES = List.of(
            "rpo.judge.candidates",
            "rpo.judge.baseline",
            "rpo.judge.annotations",
            "rpo.judge.allow-missing",
            "rpo.judge.length-control");

    /** Makes one of all that {@code rpo.judge} says. */
    static Asking configured(Workplace place) {
        return new Asking(
                place,
                place.settings().judge().asking(),
                place.settings().judge().protocol());
    }

    /** Makes one that has the verifier of {@code rpo.judge.program} grade each answer, whatever else is configured. */
    static Asking verifier(Workplace place) {
        JudgeSettings asking = place.settings().judge().asking();
        return new Asking(
                place,
                new JudgeSettings(
                        Optional.of(By.PROGRAM),
                        Optional.empty(),
                        asking.endpoint(),
                        asking.batch(),
                        asking.model(),
                        asking.program()),
                Optional.of(JudgeProtocol.PROGRAM_SINGLE));
    }

    /**
     * Looks for what would stop the asking, as far as that needs neither a model nor Spark.
     *
     * @param allowMissing whether questions may stay without an answer
     */
    void check(boolean allowMissing) {
        protocol();
        Judges.require(settings, allowMissing);
    }

    Protocol protocol() {
        return named.orElseThrow(() -> RpoException.configuration("Cannot judge: rpo.judge.protocol has no value. Give"
                        + " mt-bench-pair, mt-bench-single, alpaca-eval-2, rpo-paper or template, or program-pair or"
                        + " program-single where rpo.judge.by = program."))
                .with(prompts(), place.settings().judge().template());
    }

    private JudgePrompts prompts() {
        return place.settings()
                .judge()
                .prompts()
                .map(path -> JudgePrompts.parse(path, text(path)))
                .orElseGet(JudgePrompts::builtIn);
    }

    /** Opens the judge; nobody is asked yet. */
    Judge open(boolean allowMissing) {
        TemplateChoice choice = template().map(ModelTemplate::choice).orElse(TemplateChoice.USUAL);
        place.keepDate(choice);
        return Judges.open(
                place.spark().session(),
                settings,
                choice,
                place.settings().precision(),
                allowMissing,
                settings.cache().map(Stores::path).orElse(place.run().path("answers")),
                place.run().path("requests"));
    }

    /** Gives the keys under {@code rpo.judge} that an answer may depend on, and what its model and its prompts are. */
    Map<String, String> dependsOn() {
        Map<String, String> values = place.configuration().effectsUnder("rpo.judge");
        List<String> prompts = place.settings().judge().prompts().stream().toList();
        values.put("rpo.judge.prompts", prompts.isEmpty() ? "" : place.inputs().data(prompts));
        template().ifPresent(template -> {
            values.put("rpo.judge.model.path", template.files().weights(template.model()));
            values.putAll(template.dependsOn());
        });
        return values;
    }

    /** Gives those of {@link #dependsOn} that matter where a model's own answers are rated. */
    Map<String, String> ofRatings() {
        Map<String, String> values = dependsOn();
        boolean isProgram = settings.by().filter(By.PROGRAM::equals).isPresent();
        values.keySet()
                .removeIf(key -> OF_CANDIDATES.stream().anyMatch(key::startsWith)
                        || isProgram && !key.startsWith("rpo.judge.program"));
        return values;
    }

    /** Has a judge decide about samples: its judgments on each prompt's, in the prompts' order. */
    List<List<Judgment>> judge(Judge judge, List<Samples> prompts, Progress progress) {
        Protocol protocol = protocol();
        List<Question> questions = prompts.stream()
                .flatMap(samples -> samples.matches(protocol).stream())
                .flatMap(match -> protocol.questions(match).stream())
                .toList();
        Map<String, Answer> said = new HashMap<>();
        if (!questions.isEmpty()) { // there are none where all samples of every prompt are the same
            JavaSparkContext spark =
                    JavaSparkContext.fromSparkContext(place.spark().session().sparkContext());
            said.putAll(judge.ask(protocol.name(), spark.parallelize(questions), progress)
                    .answers()
                    .collectAsMap());
        }
        return prompts.stream()
                .map(samples -> samples.matches(protocol).stream()
                        .map(match -> protocol.judge(
                                match,
                                protocol.questions(match).stream()
                                        .map(question -> said.getOrDefault(
                                                question.key(), Answer.failed("the judge was not asked")))
                                        .toList()))
                        .toList())
                .toList();
    }

    /** Tells how a model that judges reads questions; empty if none does. */
    private Optional<ModelTemplate> template() {
        ModelSettings judge = settings.model();
        return settings.by()
                .filter(By.MODEL::equals)
                .flatMap(by -> judge.path())
                .map(path -> place.template(
                        "rpo.judge.model", path, place.inputs().withBase(judge.base()), judge.chatTemplate()));
    }

    /** Reads rows that the configuration names: files, or tables. */
    List<ObjectNode> read(List<String> paths) {
        return new RowFiles(place.spark()::session, place.spark().hadoop())
                .read(place.tables().asFiles(paths));
    }

    /** Reads a file that the configuration names. */
    String text(String path) {
        return new SmallFile(Stores.path(path), place.spark().hadoop())
                .read()
                .orElseThrow(() ->
                        RpoException.configuration("Cannot read " + path + ": there is no such file. Check the path."));
    }
}
