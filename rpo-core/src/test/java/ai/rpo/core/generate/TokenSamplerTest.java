package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the probabilities that transformers' processors leave. */
class TokenSamplerTest {

    private static final int DRAWS = 20_000;

    static Stream<JsonNode> cases() throws IOException {
        return StreamSupport.stream(
                new ObjectMapper()
                        .readTree(TokenSamplerTest.class.getResource("sampling.json"))
                        .spliterator(),
                false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void drawsFromTheDistributionOfTransformers(JsonNode given) {
        SamplingSettings settings = new SamplingSettings(
                1,
                given.get("temperature").doubleValue(),
                given.get("top_k").intValue(),
                given.get("top_p").doubleValue(),
                given.get("repetition_penalty").doubleValue());
        float[] logits = new float[given.get("logits").size() + 1];
        for (int i = 1; i < logits.length; i++) {
            logits[i] = given.get("logits").get(i - 1).floatValue();
        }
        BitSet seen = new BitSet();
        given.get("seen").forEach(id -> seen.set(id.intValue()));
        TokenSampler sampler = new TokenSampler(settings, logits.length - 1);
        SplittableRandom random = new SplittableRandom(1);
        int[] counts = new int[logits.length - 1];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(logits, 1, seen, random)]++;
        }
        for (int i = 0; i < counts.length; i++) {
            double p = given.get("probabilities").get(i).doubleValue();
            // Five standard deviations; a token that is filtered out is never drawn.
            assertEquals(
                    p * DRAWS, counts[i], 5 * Math.sqrt(DRAWS * p * (1 - p)) + 1e-6, "token " + i + " of " + given);
        }
    }
}
