package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.cuda.EmulatedDevice;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits through a cache, token by token or begun with another's, are those of the whole sequence at once, and those that scoring uses. */
class KeyValueCacheTest {

    private static final int LENGTH = 30; // beyond every window, and beyond LongRoPE's border

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.Golden#families")
    void cachedLogitsAreTheUncached(String family) throws URISyntaxException {
        ModelDirectory model = ModelDirectory.open(Golden.family(family));
        int[] first = new Random(1).ints(LENGTH, 0, 13).toArray();
        int[] second = new Random(2).ints(LENGTH, 0, 13).toArray();
        Map<Backend, Double> tolerances = new LinkedHashMap<>();
        EmulatedDevice.backends().values().forEach(device -> tolerances.put(device, 1e-4));
        if (!EmulatedDevice.isReal()) {
            tolerances.putAll(
                    Map.of(new PlainBackend(), 1e-9, CpuBackend.create(false, 2), 1e-4, new Nd4jBackend(), 1e-4));
        }
        tolerances.forEach((backend, tolerance) -> {
            Decoder decoder = new Decoder(model.config(), backend);
            Parameters weights = SmallModel.zeros(model.config(), backend);
            weights.load(model.weights());
            Pass pass = new Pass(decoder, weights);
            KeyValueCache ofFirst = decoder.cache(LENGTH);
            KeyValueCache ofSecond = decoder.cache(LENGTH + 5);
            pass.logits(new Decoder.Prefix(second, 7, ofSecond)); // the second is ahead
            for (int length = 1; length <= LENGTH - 7; length++) {
                double[] both = pass.logits(
                        new Decoder.Prefix(first, length, ofFirst), new Decoder.Prefix(second, length + 7, ofSecond));
                double[] alone = pass.logits(new Decoder.Prefix(first, length, decoder.cache(LENGTH)));
                assertArrayEquals(alone, Arrays.copyOf(both, alone.length), tolerance);
                double[] ahead = pass.logits(new Decoder.Prefix(second, length + 7, decoder.cache(LENGTH)));
                assertArrayEquals(ahead, Arrays.copyOfRange(both, ahead.length, both.length), tolerance);
                KeyValueCache twin = decoder.cache(LENGTH);
                decoder.copyPrefix(ofSecond, length - 1, twin); // of a sequence that has gone on for eight tokens
                assertArrayEquals(
                        pass.logits(new Decoder.Prefix(second, length, decoder.cache(LENGTH))),
                        pass.logits(new Decoder.Prefix(second, length, twin)),
                        tolerance);
                if (!family.equals("phi3_longrope")) { // scoring knows the whole length beforehand
                    assertArrayEquals(pass.scoredLogps(first, length), logSoftmax(alone), 2 * tolerance);
                }
            }
        });
    }

    private record Pass(Decoder decoder, Parameters weights) {

        double[] logits(Decoder.Prefix... sequences) {
            int vocabulary = decoder.config().vocabularySize();
            Tensor logits = decoder.backend()
                    .allocate((long) sequences.length * vocabulary)
                    .tensor(0, sequences.length, vocabulary);
            decoder.nextLogits(weights, List.of(sequences), logits, new Workspace(decoder.backend()));
            return logits.toArray();
        }

        double[] scoredLogps(int[] ids, int length) {
            int vocabulary = decoder.config().vocabularySize();
            List<int[]> every = IntStream.range(0, vocabulary)
                    .mapToObj(token -> new int[] {token})
                    .toList();
            PackedBatch batch = PackedBatch.of(List.of(new Example(Arrays.copyOf(ids, length), every)));
            return decoder.tokenLogps(weights, batch, new Workspace(decoder.backend()));
        }
    }

    private static double[] logSoftmax(double[] logits) {
        double max = Arrays.stream(logits).max().orElseThrow();
        double sum = Arrays.stream(logits).map(x -> Math.exp(x - max)).sum();
        return Arrays.stream(logits).map(x -> x - max - Math.log(sum)).toArray();
    }
}
