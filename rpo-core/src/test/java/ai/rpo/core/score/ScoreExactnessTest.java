package ai.rpo.core.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** A row's score and key are the row's own, whatever is scored beside it and by how many threads. */
class ScoreExactnessTest {

    private static final Map<Precision, Double> LARGEST_RELATIVE_ERROR =
            Map.of(Precision.FLOAT32, 1e-5, Precision.BFLOAT16, 5e-3);

    private final ModelConfig config = SmallModel.config(true);
    private final Map<String, ReferenceScorer> scorers = new HashMap<>();

    @Property(tries = 60)
    void scoresDoNotDependOnBatchOrderOrThreads(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 12) int rows,
            @ForAll @IntRange(min = 1, max = 12) int rowsPerBatch) {
        Random random = new Random(seed);
        List<Example> examples = examples(random, rows);
        for (Precision precision : LARGEST_RELATIVE_ERROR.keySet()) {
            int[] order = shuffled(random, rows);
            ExampleScore[] together = new ExampleScore[rows];
            for (int start = 0; start < rows; start += rowsPerBatch) {
                int[] batch = Arrays.copyOfRange(order, start, Math.min(rows, start + rowsPerBatch));
                List<ExampleScore> scores = scorer(precision, 1 + random.nextInt(3))
                        .scoreTokens(
                                Arrays.stream(batch).mapToObj(examples::get).toList());
                for (int i = 0; i < batch.length; i++) {
                    together[batch[i]] = scores.get(i);
                }
            }
            for (int i = 0; i < rows; i++) {
                ExampleScore alone = scorer(precision, 1)
                        .scoreTokens(List.of(examples.get(i)))
                        .get(0);
                for (int c = 0; c < alone.logps().length; c++) {
                    double expected = alone.logps()[c];
                    assertEquals(
                            expected,
                            together[i].logps()[c],
                            LARGEST_RELATIVE_ERROR.get(precision) * Math.abs(expected),
                            precision.key());
                }
            }
        }
    }

    @Property(tries = 200)
    void keysTellRowsApart(@ForAll long seed) {
        Random random = new Random(seed);
        int[] ids = SmallModel.tokens(random, 8);
        int border = 1 + random.nextInt(3);
        int end = 5 + random.nextInt(3);
        ScoreIdentity identity = new ScoreIdentity("weights", "", Precision.FLOAT32);
        byte[] key = identity.key(example(ids, border, end));
        assertEquals(Arrays.toString(key), Arrays.toString(identity.key(example(ids.clone(), border, end))));
        List<byte[]> others = new ArrayList<>();
        others.add(identity.key(example(ids, border + 1, end)));
        others.add(identity.key(example(ids, border, end - 1)));
        others.add(identity.key(new Example(new int[] {1}, List.of(ids))));
        others.add(new ScoreIdentity("others", "", Precision.FLOAT32).key(example(ids, border, end)));
        others.add(new ScoreIdentity("weights", "adapter", Precision.FLOAT32).key(example(ids, border, end)));
        others.add(new ScoreIdentity("weights", "", Precision.BFLOAT16).key(example(ids, border, end)));
        int[] changed = ids.clone();
        changed[random.nextInt(8)]++;
        others.add(identity.key(example(changed, border, end)));
        for (byte[] other : others) {
            assertNotEquals(Arrays.toString(key), Arrays.toString(other));
        }
    }

    private static Example example(int[] ids, int border, int end) {
        return new Example(
                Arrays.copyOf(ids, border),
                List.of(Arrays.copyOfRange(ids, border, end), Arrays.copyOfRange(ids, end, ids.length)));
    }

    private ReferenceScorer scorer(Precision precision, int threads) {
        return scorers.computeIfAbsent(precision.key() + threads, name -> {
            Backend backend = Backends.create(precision, threads);
            return new ReferenceScorer(new Decoder(config, backend), SmallModel.random(config, backend, 3));
        });
    }

    private static List<Example> examples(Random random, int count) {
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<int[]> completions = new ArrayList<>();
            for (int c = random.nextInt(2); c < 2; c++) {
                completions.add(SmallModel.tokens(random, 1 + random.nextInt(20)));
            }
            examples.add(new Example(SmallModel.tokens(random, 1 + random.nextInt(20)), completions));
        }
        return examples;
    }

    private static int[] shuffled(Random random, int count) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            order.add(random.nextInt(i + 1), i);
        }
        return order.stream().mapToInt(Integer::intValue).toArray();
    }
}
