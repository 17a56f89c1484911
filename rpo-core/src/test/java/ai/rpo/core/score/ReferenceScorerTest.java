package ai.rpo.core.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceScorerTest {

    private final ModelConfig config = SmallModel.config(true);

    static Stream<Backend> backends() {
        return Stream.of(new PlainBackend(), new Nd4jBackend());
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aPairsScoreDoesNotDependOnItsNeighbours(Backend backend) {
        ReferenceScorer scorer = scorer(backend);
        List<TrainingExample> pairs = pairs(7);
        List<TrainingExample> together = score(scorer, pairs);
        Collections.reverse(pairs);
        List<TrainingExample> reversed = score(scorer, pairs);
        Collections.reverse(pairs);
        for (int i = 0; i < pairs.size(); i++) {
            TrainingExample alone = score(scorer, List.of(pairs.get(i))).get(0);
            for (TrainingExample other : List.of(together.get(i), reversed.get(pairs.size() - 1 - i))) {
                assertEquals(pairs.get(i).ordinal(), other.ordinal());
                assertEquals(alone.referenceLogps()[0], other.referenceLogps()[0], 2e-5);
                assertEquals(alone.referenceLogps()[1], other.referenceLogps()[1], 2e-5);
            }
        }
    }

    /** Short ones and long ones: where a sequence's length turns its rows, only equally long ones have a prompt in common. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "phi3_longrope"})
    void samplesOfAPromptAreScoredAsIfAlone(String family) throws URISyntaxException {
        ModelDirectory model = ModelDirectory.open(Golden.family(family));
        Backend backend = new PlainBackend();
        Decoder decoder = new Decoder(model.config(), backend);
        Parameters weights = SmallModel.zeros(model.config(), backend);
        weights.load(model.weights());
        ReferenceScorer scorer = new ReferenceScorer(decoder, weights);
        Random random = new Random(3);
        List<Example> samples = new ArrayList<>();
        for (int prompt = 0; prompt < 3; prompt++) {
            int[] ids = random.ints(5, 0, 13).toArray();
            for (int length : new int[] {1, 3, 30, 29, 2}) {
                samples.add(new Example(ids, List.of(random.ints(length, 0, 13).toArray())));
            }
        }
        double[] logps = scorer.completionLogps(samples);
        List<ExampleScore> scores = scorer.scoreTokens(samples);
        for (int i = 0; i < samples.size(); i++) {
            ExampleScore alone = scorer.scoreTokens(List.of(samples.get(i))).get(0);
            assertEquals(alone.logps()[0], logps[i], 1e-9);
            assertArrayEquals(alone.logps(), scores.get(i).logps(), 1e-9);
            assertArrayEquals(alone.tokenLogps(), scores.get(i).tokenLogps(), 1e-6f);
        }
        int rows = samples.stream().mapToInt(Example::packedRows).sum();
        int prompts =
                family.equals("llama") ? 3 : 9; // where 1 and 3 tokens are short, 30 and 29 long, and 2 again short
        assertEquals(rows - (15 - prompts) * 5, decoder.packSharing(samples).rows());
        assertEquals(
                decoder.packSharing(samples).rows(),
                IntStream.range(0, samples.size())
                        .map(i -> scorer.rowsBehind(samples.subList(0, i), samples.get(i)))
                        .sum());
    }

    @Test
    void chosenIsTheFirstCompletionAndRejectedTheSecond() {
        ReferenceScorer scorer = scorer(new PlainBackend());
        TrainingExample pair = pairs(1).get(0);
        TrainingExample scored = score(scorer, List.of(pair)).get(0);
        double[] alone = scorer.completionLogps(List.of(
                new Example(pair.prompt(), List.of(pair.chosen())),
                new Example(pair.prompt(), List.of(pair.rejected()))));
        assertArrayEquals(alone, new double[] {scored.referenceLogps()[0], scored.referenceLogps()[1]}, 1e-10);
    }

    /** Of all completions of one token, the probabilities sum to 1. */
    @Test
    void logpsAreThoseOfADistribution() {
        ReferenceScorer scorer = scorer(new PlainBackend());
        List<Example> every = new ArrayList<>();
        for (int token = 0; token < config.vocabularySize(); token++) {
            every.add(new Example(new int[] {4, 9}, List.of(new int[] {token})));
        }
        double sum = 0;
        for (double logp : scorer.completionLogps(every)) {
            sum += Math.exp(logp);
        }
        assertEquals(1, sum, 1e-12);
    }

    @Test
    void knowsItsWeights() {
        Backend backend = new PlainBackend();
        Parameters weights = SmallModel.random(config, backend, 1);
        ReferenceScorer scorer = new ReferenceScorer(new Decoder(config, backend), weights);
        assertTrue(scorer.uses(weights));
        assertFalse(scorer.uses(SmallModel.random(config, backend, 1)));
    }

    private ReferenceScorer scorer(Backend backend) {
        return new ReferenceScorer(new Decoder(config, backend), SmallModel.random(config, backend, 3));
    }

    private static List<TrainingExample> score(ReferenceScorer scorer, List<TrainingExample> pairs) {
        double[] logps = scorer.completionLogps(
                pairs.stream().map(TrainingExample::example).toList());
        return IntStream.range(0, pairs.size())
                .mapToObj(i -> pairs.get(i).withReference(logps[2 * i], logps[2 * i + 1]))
                .toList();
    }

    private static List<TrainingExample> pairs(int count) {
        Random random = new Random(4);
        List<TrainingExample> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pairs.add(TrainingExample.pair(
                    10 + i,
                    SmallModel.tokens(random, 1 + random.nextInt(5)),
                    SmallModel.tokens(random, 1 + random.nextInt(6)),
                    SmallModel.tokens(random, 1 + random.nextInt(6))));
        }
        return pairs;
    }
}
