package ai.rpo.core.gauge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.core.gauge.RewardCurve.Point;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RewardCurveTest {

    /** R = 2d − d²/2 at 1, 2 and 3, in another order and beside the reference. */
    @Test
    void theReferenceIsNoPointAndTheOrderDoesNotMatter() {
        RewardCurve curve = RewardCurve.of(
                List.of(new Point(3, 1.5, 0), new Point(0, 0, 0), new Point(1, 1.5, 0), new Point(2, 2, 0)));
        assertEquals(
                List.of(1.0, 2.0, 3.0),
                curve.points().stream().map(Point::distance).toList());
        Overoptimization best = curve.fits().get(0);
        assertEquals(Form.BEST_OF_N, best.form(), "the nearer one is first");
        assertEquals(2, best.peak().getAsDouble(), 1e-9);
        assertEquals(2, curve.fits().size());
    }

    @Test
    void withoutThreePointsThereIsNoFit() {
        assertEquals(List.of(), RewardCurve.of(List.of()).fits());
        assertEquals(
                List.of(),
                RewardCurve.of(List.of(new Point(1, 1, 0.1), new Point(2, 1, 0.1)))
                        .fits());
        assertEquals(
                List.of(),
                RewardCurve.of(Collections.nCopies(5, new Point(1, 1, 0.1))).fits());
    }

    /** Where one error is not known, no point counts more than another. */
    @Test
    void anUnknownErrorMakesAllPointsCountAlike() {
        List<Point> some =
                List.of(new Point(1, 1.4, 0), new Point(2, 2, 0.01), new Point(3, 1.6, 5), new Point(4, 0, 1));
        List<Point> none =
                some.stream().map(p -> new Point(p.distance(), p.change(), 0)).toList();
        assertEquals(RewardCurve.of(none).fits(), RewardCurve.of(some).fits());
    }

    /** Of R = d·(2 − .6·d) and d·(2 − .6·ln d): the derivative by differences, and an interval that holds it. */
    @ParameterizedTest
    @EnumSource(Form.class)
    void slopesAreDerivativesWithIntervals(Form form) {
        Random random = new Random(3);
        int held = 0;
        for (int trial = 0; trial < 200; trial++) {
            List<Point> points = new ArrayList<>();
            for (double d = 0.5; d < 4.2; d += 0.5) {
                points.add(new Point(d, reward(form, d) + 0.1 * random.nextGaussian(), 0.1));
            }
            Overoptimization fit = RewardCurve.of(points).fits().stream()
                    .filter(each -> each.form() == form)
                    .findFirst()
                    .orElseThrow();
            Interval slope = fit.slopeAt(3);
            assertEquals((fit.at(3 + 1e-5) - fit.at(3 - 1e-5)) / 2e-5, slope.value(), 1e-6);
            double truth = (reward(form, 3 + 1e-5) - reward(form, 3 - 1e-5)) / 2e-5;
            held += slope.low() <= truth && truth <= slope.high() ? 1 : 0;
        }
        assertTrue(held >= 185, held + " of 200 intervals hold the slope");
    }

    private static double reward(Form form, double d) {
        return d * (2 - 0.6 * (form == Form.BEST_OF_N ? d : Math.log(d)));
    }
}
