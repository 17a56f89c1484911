package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.tensor.Segment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackedBatchTest {

    private final PackedBatch batch = PackedBatch.of(List.of(
            new Example(new int[] {7, 8, 9}, List.of(new int[] {1, 2}, new int[] {3, 4, 5})),
            new Example(new int[] {6}, List.of(new int[] {2}, new int[] {8}))));

    @Test
    void promptOnceThenCompletionsWithoutTheirLastTokens() {
        assertArrayEquals(new int[] {7, 8, 9, 1, 3, 4, 6}, batch.tokens());
        assertEquals(7, batch.rows());
    }

    @Test
    void positionsOfEachCompletionContinueFromThePrompt() {
        assertArrayEquals(new int[] {0, 1, 2, 3, 3, 4, 0}, batch.positions());
        assertEquals(5, batch.longestSequence());
        assertArrayEquals(new int[] {6, 6, 6, 6, 6, 6, 2}, batch.sequenceLengths());
    }

    @Test
    void completionsSeeThePromptAndThemselves() {
        assertEquals(
                List.of(
                        new Segment(0, 3, 0, 0),
                        new Segment(3, 1, 0, 3),
                        new Segment(4, 2, 0, 3),
                        new Segment(6, 1, 0, 0)),
                batch.segments());
    }

    @Test
    void thePromptsLastRowPredictsTheFirstTokenOfEveryCompletion() {
        assertArrayEquals(new int[] {1, 2, 3, 4, 5, 2, 8}, batch.targets());
        assertArrayEquals(new int[] {2, 3, 2, 4, 5, 6, 6}, batch.targetRows());
    }

    @Test
    void onlyRowsThatPredict() {
        PackedBatch predicting = batch.predicting();
        assertArrayEquals(new int[] {2, 3, 4, 5, 6}, batch.predictingRows());
        assertArrayEquals(new int[] {9, 1, 3, 4, 6}, predicting.tokens());
        assertArrayEquals(new int[] {2, 3, 3, 4, 0}, predicting.positions());
        assertArrayEquals(new int[] {6, 6, 6, 6, 2}, predicting.sequenceLengths());
        assertArrayEquals(batch.targets(), predicting.targets());
        assertArrayEquals(new int[] {0, 1, 0, 2, 3, 4, 4}, predicting.targetRows());
        assertEquals(List.of(), predicting.segments());
        assertSame(predicting, predicting.predicting());
    }

    @Test
    void valuesPerTokenAndPerCompletion() {
        assertEquals(4, batch.completionCount());
        assertArrayEquals(new double[] {3, 28, 32, 64}, batch.sumByCompletion(new double[] {1, 2, 4, 8, 16, 32, 64}));
        assertArrayEquals(new double[] {5, 5, 6, 6, 6, 7, 8}, batch.spreadToTargets(new double[] {5, 6, 7, 8}));
    }

    @Test
    void refusesWhatPredictsNothing() {
        List<int[]> completion = List.of(new int[] {1});
        assertThrows(IllegalArgumentException.class, () -> new Example(new int[0], completion));
        Stream.of(List.<int[]>of(), List.of(new int[] {1}, new int[0]))
                .forEach(completions ->
                        assertThrows(IllegalArgumentException.class, () -> new Example(new int[] {1}, completions)));
    }
}
