package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RowOrderTest {

    @Test
    void neighboursOfAHeadsFirstColumnsComeApart() {
        RowOrder order = new RowOrder.PairsTogether(6, 4);
        assertArrayEquals(new int[] {0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11}, rows(order, 12));
    }

    @Test
    void queriesKeysAndValuesOfAllHeadsComeTogether() {
        RowOrder order = new RowOrder.ByHead(2, 2); // q0 q0 k0 k0 v0 v0 q1 q1 k1 k1 v1 v1
        assertArrayEquals(new int[] {0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11}, rows(order, 12));
    }

    @Property
    void everyRowHasItsPlace(
            @ForAll @IntRange(min = 1, max = 5) int heads,
            @ForAll @IntRange(min = 1, max = 6) int pairs,
            @ForAll @IntRange(min = 0, max = 6) int turned) {
        RowOrder byHead = new RowOrder.ByHead(heads, 2 * pairs);
        assertPermutation(rows(byHead, 3 * heads * 2 * pairs));
        RowOrder together = new RowOrder.PairsTogether(2 * pairs, 2 * Math.min(turned, pairs));
        assertPermutation(rows(together, heads * 2 * pairs));
    }

    /** Whatever pieces it is read in. */
    @Property
    void whatIsLoadedIsGivenBackInTheOrderOfTheFile(@ForAll @IntRange(min = 1, max = 50) int piece) {
        for (String family : new String[] {"gpt_neox", "cohere2", "glm4"}) {
            ModelConfig config = ModelConfigParser.parse("{\"model_type\": \"" + family + """
                    ", "vocab_size": 5, "hidden_size": 8, "intermediate_size": 3, "num_hidden_layers": 1,
                    "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 4, "attention_bias": true, "rotary_pct": 0.5}
                    """, family);
            ParameterLayout layout = ParameterLayout.of(config);
            Storage storage = new PlainBackend().allocate(layout.size());
            Parameters parameters = new Parameters(layout, storage);
            parameters.load((entry, offset, target) -> {
                for (long i = offset; target.hasRemaining(); i++) {
                    target.put(entry.offset() + i);
                }
            });
            float[] given = new float[(int) layout.size()];
            for (ParameterLayout.Entry entry : layout.entries()) {
                for (int from = 0; from < entry.size(); from += piece) {
                    int count = (int) Math.min(piece, entry.size() - from);
                    FloatBuffer target = FloatBuffer.wrap(given, (int) entry.offset() + from, count);
                    parameters.asWeights().read(entry, from, target);
                }
            }
            assertArrayEquals(IntStream.range(0, given.length).toArray(), ints(given), family);
        }
    }

    /** Two rows, rank 2, three experts: row 0 is a0 b0 c0 a1 b1 c1, where a, b and c are the experts. */
    @Test
    void anExpertsElementsLieTogether() {
        RowOrder order = new RowOrder.ByExpert(2, 2, 3);
        assertArrayEquals(new int[] {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}, rows(order, 12));
        List<Long> places = new ArrayList<>();
        ParameterLayout.Entry entry = new ParameterLayout.Entry("b", 0, List.of(2, 6), order);
        entry.runs(5, 3, (at, from, step, count) -> places.add(at));
        assertEquals(List.of(9L, 2L, 6L), places);
        List<String> runs = new ArrayList<>();
        entry.runs(1, 7, (at, from, step, count) -> runs.add(at + " from " + from + " by " + step + ": " + count));
        assertEquals(
                List.of("4 from 0 by 3: 3", "8 from 1 by 3: 2", "1 from 2 by 3: 2"), runs, "b0 b1 b2, c0 c1, a1 a2");
    }

    private static int[] rows(RowOrder order, int rows) {
        return IntStream.range(0, rows).map(order::inMemory).toArray();
    }

    private static void assertPermutation(int[] rows) {
        assertArrayEquals(
                IntStream.range(0, rows.length).toArray(),
                IntStream.of(rows).sorted().toArray());
    }

    private static int[] ints(float[] numbers) {
        return IntStream.range(0, numbers.length).map(i -> (int) numbers[i]).toArray();
    }
}
