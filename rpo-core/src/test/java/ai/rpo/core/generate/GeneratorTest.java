package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.generate.Generator.Request;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GeneratorTest {

    private static final int[] PROMPT = {5, 8, 3};

    private final PlainBackend backend = new PlainBackend();
    private final ModelConfig config = SmallModel.config(true);
    private final Decoder decoder = new Decoder(config, backend);
    private final Parameters weights = SmallModel.random(config, backend, 1);
    private final Generator generator = new Generator(decoder, weights, 4);

    @Test
    void greedyTakesTheLikeliestTokenEachTime() {
        int[] greedy = one(PROMPT, 1, SamplingSettings.greedy(6)).ids();
        ReferenceScorer scorer = new ReferenceScorer(decoder, weights);
        int[] prefix = PROMPT;
        for (int token : greedy) {
            int[] before = prefix;
            double[] logps = scorer.completionLogps(IntStream.range(0, config.vocabularySize())
                    .mapToObj(next -> new Example(before, List.of(new int[] {next})))
                    .toList());
            assertEquals(Arrays.stream(logps).max().orElseThrow(), logps[token], 1e-12);
            prefix = Arrays.copyOf(prefix, prefix.length + 1);
            prefix[prefix.length - 1] = token;
        }
    }

    @Test
    void coldSamplesAreGreedy() {
        int[] greedy = one(PROMPT, 1, SamplingSettings.greedy(8)).ids();
        for (double temperature : new double[] {1e-4, Double.MIN_VALUE}) {
            assertArrayEquals(
                    greedy,
                    one(PROMPT, 2, SamplingSettings.atTemperature(temperature, 8))
                            .ids());
        }
    }

    /** Completions of 1 to 12 tokens, so that prompts join and leave at all times. */
    @Test
    void aCompletionDependsNeitherOnOthersNorOnTheirOrder() {
        SamplingSettings settings = new SamplingSettings(12, 1, 12, 0.95, 1.1);
        Random random = new Random(5);
        List<int[]> prompts = IntStream.range(0, 12)
                .mapToObj(i -> SmallModel.tokens(random, 1 + random.nextInt(9)))
                .toList();
        List<Request> requests = IntStream.range(0, 30)
                .mapToObj(i -> new Request(prompts.get(random.nextInt(12)), i))
                .toList();
        List<Completion> alone = requests.stream()
                .map(request -> all(new Generator(decoder, weights, 1), List.of(request), settings, Set.of(2, 7, 11))
                        .get(0))
                .toList();
        assertTrue(alone.stream().map(c -> c.ids().length).distinct().count() > 4);
        List<Integer> order = new ArrayList<>(IntStream.range(0, 30).boxed().toList());
        for (int width : new int[] {1, 3, 30}) {
            Generator wide = new Generator(decoder, weights, width);
            Collections.shuffle(order, random);
            List<Completion> together =
                    all(wide, order.stream().map(requests::get).toList(), settings, Set.of(2, 7, 11));
            for (int i = 0; i < order.size(); i++) {
                Completion expected = alone.get(order.get(i));
                assertArrayEquals(expected.ids(), together.get(i).ids());
                assertEquals(expected.reason(), together.get(i).reason());
            }
        }
    }

    @Test
    void aPromptIsComputedOnceForItsSamples() {
        AtomicInteger tokens = new AtomicInteger();
        Backend counting = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, operation, arguments) -> {
                    if (operation.getName().equals("gatherRows")
                            && ((Tensor) arguments[0]).rows() == config.vocabularySize()) {
                        tokens.addAndGet(((int[]) arguments[1]).length);
                    }
                    return operation.invoke(backend, arguments);
                });
        int[] prompt = SmallModel.tokens(new Random(1), 20);
        List<Request> samples =
                IntStream.range(0, 6).mapToObj(i -> new Request(prompt, i)).toList();
        all(
                new Generator(new Decoder(config, counting), weights, 4),
                samples,
                SamplingSettings.atTemperature(1, 5),
                Set.of());
        // Four begin at once. When they end together, with nothing left to share, one of the other two computes it
        // again.
        assertEquals(2 * 20 + 6 * 4 + 4, tokens.get());
    }

    @Test
    void anEosEndsACompletionAndBelongsToIt() {
        SamplingSettings settings = SamplingSettings.atTemperature(1, 10);
        Completion free = one(PROMPT, 3, settings);
        assertEquals(10, free.ids().length);
        assertEquals(FinishReason.LENGTH, free.reason());
        int eos = free.ids()[4];
        int first = IntStream.range(0, 10)
                .filter(i -> free.ids()[i] == eos)
                .findFirst()
                .orElseThrow();
        Completion ended = all(generator, List.of(new Request(PROMPT, 3)), settings, Set.of(eos))
                .get(0);
        assertArrayEquals(Arrays.copyOf(free.ids(), first + 1), ended.ids());
        assertEquals(FinishReason.EOS, ended.reason());
    }

    @Test
    void aStopRuleSeesPromptAndCompletion() {
        Iterator<Completion> completions = generator.generate(
                List.of(new Request(PROMPT, 3)).iterator(),
                SamplingSettings.atTemperature(1, 10),
                Set.of(),
                (ids, promptLength, length) -> {
                    assertArrayEquals(PROMPT, Arrays.copyOf(ids, promptLength));
                    return length - promptLength == 4;
                });
        Completion stopped = completions.next();
        assertEquals(4, stopped.ids().length);
        assertEquals(FinishReason.STOP, stopped.reason());
    }

    @Test
    void aCompletionEndsWhereTheContextDoes() {
        int[] long60 = SmallModel.tokens(new Random(1), 60);
        assertEquals(4, one(long60, 0, SamplingSettings.greedy(100)).ids().length);
        int[] full = SmallModel.tokens(new Random(1), 64);
        assertThrows(IllegalArgumentException.class, () -> one(full, 0, SamplingSettings.greedy(1)));
    }

    /** 4000 first tokens against the model's probabilities: χ² with at most 22 degrees of freedom. */
    @Test
    void warmSamplesFollowTheModelsDistribution() {
        double temperature = 2;
        int draws = 4000;
        List<Request> requests =
                IntStream.range(0, draws).mapToObj(i -> new Request(PROMPT, i)).toList();
        int[] counts = new int[config.vocabularySize()];
        all(new Generator(decoder, weights, 500), requests, SamplingSettings.atTemperature(temperature, 1), Set.of())
                .forEach(c -> counts[c.ids()[0]]++);
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
                .mapToObj(seed -> Arrays.stream(one(PROMPT, seed, SamplingSettings.atTemperature(1, 6))
                                .ids())
                        .boxed()
                        .toList())
                .collect(Collectors.toSet());
        assertNotEquals(1, samples.size());
    }

    @Test
    void logitsThatAreNotNumbersStopTheRun() {
        Parameters broken = SmallModel.random(config, backend, 1);
        float[] nan = new float[(int) broken.storage().size()];
        Arrays.fill(nan, Float.NaN);
        broken.storage().write(0, nan, 0, nan.length);
        Generator of = new Generator(decoder, broken, 1);
        RpoException e = assertThrows(
                RpoException.class,
                () -> all(of, List.of(new Request(PROMPT, 0)), SamplingSettings.greedy(3), Set.of()));
        assertTrue(e.getMessage().startsWith("Cannot continue a prompt of 3 tokens: after 0 new tokens"));
    }

    @Test
    void refusesSettings() {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> new SamplingSettings(0, Double.NaN, -1, 0, 0))
                .getMessage();
        assertEquals(5, message.lines().count());
        assertTrue(message.startsWith("max-new-tokens must be at least 1, but is 0\n"));
    }

    private Completion one(int[] prompt, long seed, SamplingSettings settings) {
        return all(generator, List.of(new Request(prompt, seed)), settings, Set.of())
                .get(0);
    }

    private static List<Completion> all(
            Generator generator, List<Request> requests, SamplingSettings settings, Collection<Integer> eosIds) {
        List<Completion> completions = new ArrayList<>();
        generator.generate(requests.iterator(), settings, eosIds, StopRule.NONE).forEachRemaining(completions::add);
        return completions;
    }
}
