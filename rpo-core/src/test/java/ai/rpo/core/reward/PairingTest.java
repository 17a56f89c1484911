package ai.rpo.core.reward;

import static ai.rpo.core.reward.Pairing.BEST_WORST;
import static ai.rpo.core.reward.Pairing.TWO;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.reward.Pairing.Choice;
import ai.rpo.core.reward.Pairing.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairingTest {

    private static final int[] A = {1, 2};
    private static final int[] B = {1, 3};
    private static final int[] C = {4};

    @Test
    void theBestIsPreferredToTheWorst() {
        assertEquals(new Choice(Outcome.PAIRED, 2, 1), BEST_WORST.of(new double[] {0.5, -1, 2}, List.of(A, B, C)));
        assertEquals(
                new Choice(Outcome.PAIRED, 0, 2),
                BEST_WORST.of(new double[] {7, 7, 3, 3}, List.of(A, B, C, A)),
                "of equal rewards the first");
    }

    @Test
    void twoLooksAtTheFirstTwo() {
        assertEquals(new Choice(Outcome.PAIRED, 0, 1), TWO.of(new double[] {0.5, -1, 2}, List.of(A, B, C)));
        assertEquals(new Choice(Outcome.EQUAL_REWARDS, 0, 0), TWO.of(new double[] {1, 1, 2}, List.of(A, B, C)));
        assertEquals(new Choice(Outcome.EQUAL_TEXTS, 0, 0), TWO.of(new double[] {1, 1, 2}, List.of(A, A, C)));
    }

    @Test
    void whatCannotBePairedSaysWhy() {
        assertEquals(
                Outcome.TOO_FEW, BEST_WORST.of(new double[] {1}, List.of(A)).outcome());
        assertEquals(Outcome.TOO_FEW, TWO.of(new double[0], List.of()).outcome());
        assertEquals(
                Outcome.EQUAL_REWARDS,
                BEST_WORST.of(new double[] {1, 1, 1}, List.of(A, A, B)).outcome());
        assertEquals(
                Outcome.EQUAL_TEXTS,
                BEST_WORST.of(new double[] {1, 1}, List.of(A, A.clone())).outcome());
        assertEquals(
                Outcome.EQUAL_TEXTS,
                BEST_WORST.of(new double[] {1, 2}, List.of(A, A.clone())).outcome(),
                "a rater of two minds");
    }
}
