package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.generate.Sampler.Request;
import ai.rpo.core.generate.Sampler.Settings;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.PlainBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final int[] PROMPT = {5, 8, 3};

    private final PlainBackend backend = new PlainBackend();
    private final ModelConfig config = SmallModel.config(true);
    private final Decoder decoder = new Decoder(config, backend);
    private final Parameters weights = SmallModel.random(config, backend, 1);
    private final Sampler sampler = new Sampler(decoder, weights);

    @Test
    void greedyTakesTheLikeliestTokenEachTime() {
        int[] greedy = one(PROMPT, 1, new Settings(0, 6, Set.of()));
        ReferenceScorer scorer = new ReferenceScorer(decoder, weights);
        int[] prefix = PROMPT;
        for (int token : greedy) {
            int[] before = prefix;
            double[] logps = scorer.completionLogps(IntStream.range(0, config.vocabularySize())
                    .mapToObj(next -> new Example(before, List.of(new int[] {next})))
                    .toList());
            double best = Arrays.stream(logps).max().orElseThrow();
            assertEquals(best, logps[token]);
            prefix = Arrays.copyOf(prefix, prefix.length + 1);
            prefix[prefix.length - 1] = token;
        }
    }

    @Test
    void coldSamplesAreGreedy() {
        int[] greedy = one(PROMPT, 1, new Settings(0, 8, Set.of()));
        for (double temperature : new double[] {1e-4, Double.MIN_VALUE}) {
            assertArrayEquals(greedy, one(PROMPT, 2, new Settings(temperature, 8, Set.of())));
        }
    }

    @Test
    void aCompletionDoesNotDependOnItsBatch() {
        Settings settings = new Settings(1, 8, Set.of(2, 7, 11));
        List<Request> requests = IntStream.range(0, 6)
                .mapToObj(i -> new Request(Arrays.copyOf(PROMPT, 1 + i % 3), i))
                .toList();
        List<int[]> together = sampler.sample(requests, settings);
        for (int i = 0; i < requests.size(); i++) {
            assertArrayEquals(sampler.sample(List.of(requests.get(i)), settings).get(0), together.get(i));
        }
    }

    @Test
    void anEosEndsACompletionAndBelongsToIt() {
        int[] free = one(PROMPT, 3, new Settings(1, 10, Set.of()));
        assertEquals(10, free.length);
        int eos = free[4];
        int first =
                IntStream.range(0, 10).filter(i -> free[i] == eos).findFirst().orElseThrow();
        assertArrayEquals(Arrays.copyOf(free, first + 1), one(PROMPT, 3, new Settings(1, 10, Set.of(eos))));
    }

    /** 4000 first tokens against the model's probabilities: χ² with at most 22 degrees of freedom. */
    @Test
    void warmSamplesFollowTheModelsDistribution() {
        double temperature = 2;
        int draws = 4000;
        List<Request> requests =
                IntStream.range(0, draws).mapToObj(i -> new Request(PROMPT, i)).toList();
        int[] counts = new int[config.vocabularySize()];
        sampler.sample(requests, new Settings(temperature, 1, Set.of())).forEach(c -> counts[c[0]]++);
        double[] logps = new ReferenceScorer(decoder, weights)
                .completionLogps(IntStream.range(0, counts.length)
                        .mapToObj(next -> new Example(PROMPT, List.of(new int[] {next})))
                        .toList());
        double[] tempered =
                Arrays.stream(logps).map(l -> Math.exp(l / temperature)).toArray();
        double total = Arrays.stream(tempered).sum();
        double chiSquare = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = draws * tempered[i] / total;
            chiSquare += Math.pow(counts[i] - expected, 2) / expected;
        }
        assertTrue(chiSquare < 48.3, "χ² is " + chiSquare + ", above its 99.9 % quantile"); // fixed seeds: no flaking
    }

    @Test
    void seedsGiveDifferentSamples() {
        Set<List<Integer>> samples = IntStream.range(0, 8)
                .mapToObj(seed -> Arrays.stream(one(PROMPT, seed, new Settings(1, 6, Set.of())))
                        .boxed()
                        .toList())
                .collect(Collectors.toSet());
        assertNotEquals(1, samples.size());
    }

    @Test
    void refusesSettings() {
        assertThrows(IllegalArgumentException.class, () -> new Settings(-0.1, 5, Set.of()));
        assertThrows(IllegalArgumentException.class, () -> new Settings(Double.NaN, 5, Set.of()));
        assertThrows(IllegalArgumentException.class, () -> new Settings(1, 0, Set.of()));
    }

    private int[] one(int[] prompt, long seed, Settings settings) {
        return sampler.sample(List.of(new Request(prompt, seed)), settings).get(0);
    }
}
