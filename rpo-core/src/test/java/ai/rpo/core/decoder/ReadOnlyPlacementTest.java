package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Read-only weights compute what others do, whether products round or not. */
@ParameterizedClass
@EnumSource
class ReadOnlyPlacementTest {

    private static final int LOWER_HALF = 0xffff;

    private final Backend backend;

    ReadOnlyPlacementTest(Precision precision) {
        backend = Backends.create(precision, 2);
    }

    static Stream<String> families() {
        return SmallModel.families();
    }

    @ParameterizedTest
    @MethodSource("families")
    void matricesOfBfloat16ComputeTheSame(String family) {
        ModelConfig config = SmallModel.family(family);
        Weights weights = bfloat16(SmallModel.random(config, backend, 1).asWeights());
        Parameters flat = SmallModel.zeros(config, backend);
        flat.load(weights);

        Parameters readOnly = Parameters.readOnly(config, weights, backend);

        for (ParameterLayout.Entry entry : readOnly.layout().entries()) {
            assertArrayEquals(
                    flat.get(entry.name()).toArray(), readOnly.get(entry.name()).toArray(), entry.name());
            FloatBuffer exported = FloatBuffer.allocate(1);
            readOnly.asWeights().read(entry, entry.size() - 1, exported);
            assertEquals(flat.get(entry.name()).toArray()[(int) entry.size() - 1], exported.get(0));
        }
        assertSameScores(config, flat, readOnly, 2e-2); // too narrow to be rounded in the flat ones
    }

    /** As where an adapter on a model of bfloat16 was merged: some of the matrices that are multiplied as one have other numbers. */
    @ParameterizedTest
    @MethodSource("families")
    void neighboursMayBeOfDifferentNumberTypes(String family) {
        ModelConfig config = SmallModel.family(family);
        List<ParameterLayout.Entry> entries = ParameterLayout.of(config).entries();
        Weights wide = SmallModel.random(config, backend, 1).asWeights();
        Weights narrow = bfloat16(wide);
        for (int odd = 0; odd < 2; odd++) {
            int first = odd;
            Weights mixed = (entry, offset, target) ->
                    (entries.indexOf(entry) % 2 == first ? narrow : wide).read(entry, offset, target);
            Parameters flat = SmallModel.zeros(config, backend);
            flat.load(mixed);
            assertSameScores(config, flat, Parameters.readOnly(config, mixed, backend), 2e-2);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void tablesThatRoundingWouldChangeStayAsTheyAre(String family) {
        ModelConfig config = SmallModel.family(family);
        Weights weights = SmallModel.random(config, backend, 1).asWeights();
        Architecture architecture = config.architecture();
        Stream.concat(Stream.of(architecture.names().embedding()), architecture.names().positions().stream())
                .map(name -> name + ".weight")
                .forEach(table -> {
                    ParameterLayout.Entry entry = ParameterLayout.of(config).get(table);
                    FloatBuffer expected = FloatBuffer.allocate((int) entry.size());
                    weights.read(entry, 0, expected);
                    double[] found = Parameters.readOnly(config, weights, backend)
                            .get(table)
                            .toArray();
                    assertArrayEquals(
                            IntStream.range(0, found.length)
                                    .mapToDouble(expected::get)
                                    .toArray(),
                            found);
                });
    }

    @ParameterizedTest
    @MethodSource("families")
    void haveNoSingleStorage(String family) {
        ModelConfig config = SmallModel.family(family);
        Weights weights = SmallModel.random(config, backend, 1).asWeights();
        assertThrows(IllegalStateException.class, Parameters.readOnly(config, weights, backend)::storage);
    }

    private void assertSameScores(ModelConfig config, Parameters expected, Parameters actual, double tolerance) {
        Random random = new Random(3);
        List<Example> examples = List.of(SmallModel.pair(random, 4, 5, 3), SmallModel.pair(random, 1, 2, 6));
        Decoder decoder = new Decoder(config, backend);
        double[] wanted = new ReferenceScorer(decoder, expected).completionLogps(examples);
        double[] found = new ReferenceScorer(decoder, actual).completionLogps(examples);
        for (int i = 0; i < wanted.length; i++) {
            assertEquals(wanted[i], found[i], tolerance * Math.abs(wanted[i]));
        }
    }

    private static Weights bfloat16(Weights weights) {
        return (entry, offset, target) -> {
            int from = target.position();
            weights.read(entry, offset, target);
            for (int i = from; i < target.position(); i++) {
                target.put(i, Float.intBitsToFloat(Float.floatToRawIntBits(target.get(i)) & ~LOWER_HALF));
            }
        };
    }
}
