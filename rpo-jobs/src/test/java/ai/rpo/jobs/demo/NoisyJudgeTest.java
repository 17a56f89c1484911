package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NoisyJudgeTest {

    /** σ(3·⅓) = σ(1) = 0.7310586; equal answers are a coin toss. */
    @Test
    void followsBradleyAndTerry() {
        assertEquals(0.7310586, NoisyJudge.probabilityOfFirst(1.0 / 3), 1e-7);
        assertEquals(0.5, NoisyJudge.probabilityOfFirst(0));
        assertEquals(1, NoisyJudge.probabilityOfFirst(0.4) + NoisyJudge.probabilityOfFirst(-0.4), 1e-12);
    }

    @Test
    void isWrongAsOftenAsItSays() {
        NoisyJudge judge = new NoisyJudge(new SplittableRandom(5));
        int trials = 20_000;
        long first = IntStream.range(0, trials)
                .filter(i -> judge.prefersFirst(0.5, 0.5 + 1.0 / 3))
                .count();
        assertEquals(1 - 0.7310586, (double) first / trials, 0.012);
    }
}
