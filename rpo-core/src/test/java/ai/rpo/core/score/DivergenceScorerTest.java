package ai.rpo.core.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.SharedModels;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DivergenceScorerTest {

    private static final SamplingSettings WHOLE = SamplingSettings.atTemperature(1, 12);

    private final ModelConfig config = SmallModel.config(true);

    static Stream<Backend> backends() {
        return Stream.of(new PlainBackend(), new Nd4jBackend(), CpuBackend.create(false, 2));
    }

    /** Of each prefix, every token is scored as a completion of its own under both models, in double. */
    @ParameterizedTest
    @MethodSource("backends")
    void isTheBruteForceSumOverAllTokensOfAllPrefixes(Backend backend) {
        List<Example> examples = examples(4);
        List<Divergence> measured = scorer(backend, 3, 4, 1 << 20).measure(examples);
        PlainBackend exact = new PlainBackend();
        ReferenceScorer policy = new ReferenceScorer(new Decoder(config, exact), SmallModel.random(config, exact, 3));
        ReferenceScorer reference =
                new ReferenceScorer(new Decoder(config, exact), SmallModel.random(config, exact, 4));
        double tolerance = backend instanceof PlainBackend ? 1e-9 : 2e-4;
        int next = 0;
        for (Example example : examples) {
            for (int[] completion : example.completions()) {
                double sum = 0;
                for (int length = 0; length < completion.length; length++) {
                    sum += klAfter(prefix(example.prompt(), completion, length), policy, reference);
                }
                double logps = one(policy, example.prompt(), completion) - one(reference, example.prompt(), completion);
                assertEquals(sum, measured.get(next).kl(), tolerance);
                assertEquals(logps, measured.get(next++).k1(), tolerance);
            }
        }
        assertEquals(next, measured.size());
    }

    private double klAfter(int[] prefix, ReferenceScorer policy, ReferenceScorer reference) {
        List<Example> every = new ArrayList<>();
        for (int token = 0; token < config.vocabularySize(); token++) {
            every.add(new Example(prefix, List.of(new int[] {token})));
        }
        double[] ours = policy.completionLogps(every);
        double[] theirs = reference.completionLogps(every);
        double kl = 0;
        for (int token = 0; token < ours.length; token++) {
            kl += Math.exp(ours[token]) * (ours[token] - theirs[token]);
        }
        return kl;
    }

    private static double one(ReferenceScorer scorer, int[] prompt, int[] completion) {
        return scorer.completionLogps(List.of(new Example(prompt, List.of(completion))))[0];
    }

    private static int[] prefix(int[] prompt, int[] completion, int length) {
        int[] prefix = Arrays.copyOf(prompt, prompt.length + length);
        System.arraycopy(completion, 0, prefix, prompt.length, length);
        return prefix;
    }

    @ParameterizedTest
    @MethodSource("backends")
    void theReferenceItselfIsAtNoDistance(Backend backend) {
        for (Divergence divergence : scorer(backend, 3, 3, 1 << 20).measure(examples(3))) {
            assertEquals(new Divergence(0, 0, 0), divergence);
        }
    }

    @Test
    void howManyLogitsAreKeptAtOnceChangesNothing() {
        Backend backend = new PlainBackend();
        List<Example> examples = examples(5);
        List<Divergence> whole = scorer(backend, 3, 4, 1 << 20).measure(examples);
        for (int chunk : new int[] {1, 3 * 23, 7 * 23 + 5}) {
            assertEquals(whole, scorer(backend, 3, 4, chunk).measure(examples), "chunks of " + chunk);
        }
    }

    @Test
    void modelsOnTwoBackendsAreNotCompared() {
        Backend backend = new PlainBackend();
        Decoder one = new Decoder(config, backend);
        Decoder elsewhere = new Decoder(config, new PlainBackend());
        Parameters weights = SmallModel.random(config, backend, 1);
        assertThrows(IllegalArgumentException.class, () -> new DivergenceScorer(one, weights, elsewhere, weights));
    }

    /** All three are means of the same number over the policy's own samples. */
    @Test
    void estimatorsAgreeOnTheModelsOwnSamples() {
        Backend backend = new PlainBackend();
        Decoder decoder = new Decoder(config, backend);
        Parameters reference = SmallModel.random(config, backend, 3);
        Parameters policy = moved(config, reference, backend, 0.1, 8);
        List<Example> samples = sampled(decoder, policy, new int[] {4, 9, 7}, 600, List.of(2));
        assertEstimatorsAgree(new DivergenceScorer(decoder, policy, decoder, reference).measure(samples));
    }

    @Test
    @Tag("shared")
    void estimatorsAgreeOnStories260k() {
        ModelDirectory model = ModelDirectory.open(SharedModels.stories260k());
        Backend backend = CpuBackend.create(false, 2);
        Decoder decoder = new Decoder(model.config(), backend);
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters reference = new Parameters(layout, backend.allocate(layout.size()));
        reference.load(model.weights());
        Parameters policy = moved(model.config(), reference, backend, 0.02, 8);
        List<Example> samples = sampled(decoder, policy, new int[] {1, 403}, 400, model.eosIds());
        assertEstimatorsAgree(new DivergenceScorer(decoder, policy, decoder, reference).measure(samples));
    }

    private static void assertEstimatorsAgree(List<Divergence> samples) {
        double kl = samples.stream().mapToDouble(Divergence::kl).average().orElseThrow();
        assertTrue(kl > 0.05, "the policy is at " + kl);
        for (ToDoubleFunction<Divergence> estimator :
                List.<ToDoubleFunction<Divergence>>of(Divergence::k1, Divergence::k3)) {
            double[] difference = samples.stream()
                    .mapToDouble(each -> estimator.applyAsDouble(each) - each.kl())
                    .toArray();
            double mean = Arrays.stream(difference).average().orElseThrow();
            double variance =
                    Arrays.stream(difference).map(d -> (d - mean) * (d - mean)).sum() / (difference.length - 1);
            double error = Math.sqrt(variance / difference.length);
            assertTrue(error > 0 && Math.abs(mean) < 4 * error, mean + " ± " + error + " beside " + kl);
        }
    }

    private static List<Example> sampled(
            Decoder decoder, Parameters weights, int[] prompt, int count, List<Integer> eosIds) {
        List<Example> samples = new ArrayList<>();
        try (Generator generator = new Generator(decoder, weights, 32)) {
            Iterator<Completion> completions = generator.generate(
                    LongStream.range(0, count)
                            .mapToObj(seed -> new Generator.Request(prompt, seed))
                            .iterator(),
                    WHOLE,
                    eosIds,
                    StopRule.NONE);
            completions.forEachRemaining(completion -> samples.add(new Example(prompt, List.of(completion.ids()))));
        }
        return samples;
    }

    /** The same weights with noise of so much of each weight's own size. */
    private static Parameters moved(ModelConfig config, Parameters from, Backend backend, double share, long seed) {
        ParameterLayout layout = ParameterLayout.of(config);
        Storage storage = backend.allocate(layout.size());
        float[] values = new float[Math.toIntExact(layout.size())];
        from.storage().read(0, values, 0, values.length);
        Random random = new Random(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) (share * random.nextGaussian());
        }
        storage.write(0, values, 0, values.length);
        return new Parameters(layout, storage);
    }

    private DivergenceScorer scorer(Backend backend, long policySeed, long referenceSeed, int chunk) {
        return new DivergenceScorer(
                new Decoder(config, backend),
                SmallModel.random(config, backend, policySeed),
                new Decoder(config, backend),
                SmallModel.random(config, backend, referenceSeed),
                chunk);
    }

    private static List<Example> examples(int count) {
        Random random = new Random(5);
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            examples.add(SmallModel.pair(random, 1 + random.nextInt(4), 1 + random.nextInt(5), 1 + random.nextInt(5)));
        }
        return examples;
    }
}
