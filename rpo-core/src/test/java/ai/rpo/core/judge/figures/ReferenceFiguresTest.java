package ai.rpo.core.judge.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.SharedModels;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.JsonRows;
import ai.rpo.core.judge.JudgmentRows;
import ai.rpo.core.judge.figures.LengthControl.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Published figures, from the judgments that they were counted from. */
@Tag("shared")
class ReferenceFiguresTest {

    private static final Path EVAL = SharedModels.SHARED.resolve("eval");

    /** The columns of expected.csv; the standard error of the length-controlled rate is published for one of them. */
    @ParameterizedTest
    @CsvSource({
        "FuseChat-Gemma-2-9B-Instruct, 70.49713534560247, 1.3426390784895994, 575, 225, 5, 71.73913043478261, 2155,"
                + " 70.18106263911686, 0.5941187965717439, 2.782559402207126, -1.1543337259190067, 0.6937176687992737, 1.0978693063596836",
        "gpt-3.5-turbo-1106, 9.177964561962735, 0.8904117511864436, 64, 737, 4, 8.198757763975156, 796,"
                + " 19.30058903498905, , 2.782559402207126, -2.042129723534208, 1.0101354535205684, -1.9018508475471767",
        "gpt4_gamed, 3.7383373713788814, 0.6278799633668313, 32, 771, 2, 4.099378881987578, 68,"
                + " 12.188764057640531, , 166.81005372000558, -2.9836837676521406, 0.6193629220101485, -2.2518120065626768",
    })
    void alpacaEvalsLeaderboard(
            String model,
            double winRate,
            double standardError,
            int wins,
            int losses,
            int ties,
            double discrete,
            int length,
            double controlled,
            Double controlledError,
            double c,
            double lengthWeight,
            double difficultyWeight,
            double modelWeight) {
        Annotations annotations = annotations("alpaca_eval/" + model + ".annotations.json.gz");
        Comparison comparison =
                count(annotations, OptionalDouble.of(c)).comparisons().get(0);

        assertEquals(model, comparison.model());
        assertEquals("gpt4_1106_preview", comparison.baseline());
        assertEquals(winRate, comparison.rates().meanPreference(), 1e-10);
        assertEquals(standardError, comparison.standardError(), 1e-10);
        assertEquals(wins, comparison.rates().wins());
        assertEquals(losses, comparison.rates().losses());
        assertEquals(ties, comparison.rates().ties());
        assertEquals(805, comparison.rates().n());
        assertEquals(discrete, comparison.rates().adjustedRate(), 1e-10);
        assertEquals(length, comparison.meanLength().orElseThrow());
        LengthControl.Result control = comparison.lengthControlled().orElseThrow();
        assertEquals(controlled, control.winRate(), 1e-5);
        if (controlledError != null) {
            assertEquals(controlledError, control.standardError().orElseThrow(), 1e-5);
        }
        double[] weights = {lengthWeight, difficultyWeight, modelWeight};
        for (int j = 0; j < weights.length; j++) {
            assertEquals(weights[j], control.weights()[j], 1e-6);
        }
        assertTrue(comparison.low() < winRate && winRate < comparison.high());
        assertEquals(2 * 1.96 * standardError, comparison.high() - comparison.low(), 0.3);
    }

    /** The regularising labels are not the real ones, so the published choice is not always found; here it is. */
    @ParameterizedTest
    @CsvSource({"FuseChat-Gemma-2-9B-Instruct, 2.782559402207126", "gpt4_gamed, 166.81005372000558"})
    void crossValidationChooses(String model, double c) {
        Annotations annotations = annotations("alpaca_eval/" + model + ".annotations.json.gz");

        assertEquals(
                c,
                count(annotations, OptionalDouble.empty())
                        .comparisons()
                        .get(0)
                        .lengthControlled()
                        .orElseThrow()
                        .c(),
                1e-9);
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-4_pair_dpo_rpo, 57.8125, 61.25, 54.375, 22, 91, 47, 52.8, 62.8, 108, 125, 101",
        "gpt-4_pair_sft_dpo, 78.75, 76.875, 80.625, 11, 46, 103, 72.8, 84.4, 130, 142, 130",
    })
    void mtBenchVerdictsOfThePaper(
            String file,
            double adjusted,
            double turn1,
            double turn2,
            int losses,
            int ties,
            int wins,
            double low,
            double high,
            int same,
            int first,
            int second) {
        Annotations annotations = annotations("mt_bench/" + file + ".jsonl.gz");
        Comparison comparison =
                count(annotations, Optional.empty()).comparisons().get(0);

        assertEquals(160, comparison.rates().n());
        assertEquals(adjusted, comparison.rates().adjustedRate());
        assertEquals(turn1, comparison.byTurn().get(1).adjustedRate());
        assertEquals(turn2, comparison.byTurn().get(2).adjustedRate());
        assertEquals(wins, comparison.rates().wins());
        assertEquals(ties, comparison.rates().ties());
        assertEquals(losses, comparison.rates().losses());
        assertEquals(low, comparison.low(), 0.35);
        assertEquals(high, comparison.high(), 0.35);
        assertEquals(new Comparison.Orders(160, same, first, second), comparison.orders());
        assertTrue(comparison.meanLength().isPresent(), "answers are found in the judge's prompts");
    }

    /** What is written can be counted again. */
    @Test
    void ownJudgmentsComeToTheSame() {
        for (String file : new String[] {
            "mt_bench/gpt-4_pair_dpo_rpo.jsonl.gz", "alpaca_eval/gpt-3.5-turbo-1106.annotations.json.gz"
        }) {
            Annotations annotations = annotations(file);
            byte[] written = JudgmentRows.lines(annotations).getBytes(StandardCharsets.UTF_8);

            assertEquals(annotations, Annotations.read("judgments", JsonRows.read("judgments", written)));
        }
    }

    private static Figures count(Annotations annotations, OptionalDouble c) {
        String csv = new String(read("alpaca_eval/df_gamed.csv"), StandardCharsets.UTF_8);
        LengthControl control =
                new LengthControl(Kind.ALPACA_EVAL, Optional.of(Regularizer.parse("df_gamed.csv", csv)), c);
        return count(annotations, Optional.of(control));
    }

    private static Figures count(Annotations annotations, Optional<LengthControl> control) {
        return Figures.of(annotations, control, new Difficulty(Optional.empty(), false), false);
    }

    private static Annotations annotations(String file) {
        return Annotations.read(file, JsonRows.read(file, read(file)));
    }

    private static byte[] read(String file) {
        try {
            return Files.readAllBytes(EVAL.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
