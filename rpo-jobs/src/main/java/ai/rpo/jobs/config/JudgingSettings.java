package ai.rpo.jobs.config;

import ai.rpo.core.judge.JudgeProtocol;
import ai.rpo.core.judge.TemplateSettings;
import ai.rpo.core.judge.figures.LengthControl;
import ai.rpo.spark.judge.JudgeSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The keys of {@code rpo.judge}.
 *
 * @param candidates answers by the candidates' names
 * @param baseline name of the candidate that the others are held against; every two are, where absent
 * @param annotations judgments made elsewhere; nobody is asked then
 * @param protocol how the judge is asked
 * @param prompts a file of the protocol's texts in place of the built-in ones
 * @param questions what candidates were asked; what the first of them answers, where there are none
 * @param references right answers to them
 * @param allowMissing whether rates are shown though answers or verdicts are missing
 * @param lengthControl {@code rpo.judge.length-control}
 * @param template {@code rpo.judge.template}
 * @param asking whom to ask, whose keys stand beside these
 */
public record JudgingSettings(
        Map<String, String> candidates,
        Optional<String> baseline,
        List<String> annotations,
        Optional<JudgeProtocol> protocol,
        Optional<String> prompts,
        List<String> questions,
        List<String> references,
        boolean allowMissing,
        LengthControlSettings lengthControl,
        TemplateSettings template,
        JudgeSettings asking) {

    /**
     * Holds the keys of the length-controlled win rate.
     *
     * @param kind which terms and rows it has; {@code alpaca-eval} where a regularizer is named and {@code minimal} else,
     *     where absent
     * @param regularizer file of the regularising rows and of difficulties
     * @param by how an instruction's difficulty is found
     * @param instructions the evaluation set that the difficulties belong to
     * @param c what the loss counts for beside the penalty; by cross-validation, where absent
     */
    public record LengthControlSettings(
            Optional<LengthControl.Kind> kind,
            Optional<String> regularizer,
            MatchedBy by,
            Optional<String> instructions,
            Optional<Double> c) {

        public LengthControlSettings {
            if (kind.isPresent() && kind.get() != LengthControl.Kind.MINIMAL && regularizer.isEmpty()) {
                throw new IllegalArgumentException(
                        "kind must be minimal where there is no regularizer file, but is " + Values.spelled(kind));
            }
            if (by == MatchedBy.INSTRUCTION && regularizer.isPresent() && instructions.isEmpty()) {
                throw new IllegalArgumentException(
                        "by must be position where no file of instructions is named, but is " + Values.spelled(by));
            }
            if (c.isPresent() && !(c.get() > 0 && Double.isFinite(c.get()))) {
                throw new IllegalArgumentException("c must be above 0, but is " + c.get());
            }
        }
    }

    /** Says how an instruction's difficulty is found. */
    public enum MatchedBy {
        /** The place of its row in the file, as in AlpacaEval itself. */
        POSITION,
        /** Its words. */
        INSTRUCTION
    }
}
