package ai.rpo.core.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.loss.TrainingExample;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

class ExampleCodecTest {

    @Property(tries = 60)
    void whatWasEncodedIsDecoded(@ForAll("batches") List<TrainingExample> batch) {
        MultiDataSet encoded = ExampleCodec.encode(batch);
        List<TrainingExample> decoded = ExampleCodec.decode(encoded.getFeatures(0), encoded.getLabels(0));
        assertEquals(batch.size(), decoded.size());
        for (int i = 0; i < batch.size(); i++) {
            TrainingExample expected = batch.get(i);
            TrainingExample actual = decoded.get(i);
            assertEquals(expected.ordinal(), actual.ordinal());
            assertArrayEquals(expected.referenceLogps(), actual.referenceLogps());
            assertArrayEquals(expected.example().prompt(), actual.example().prompt());
            assertArrayEquals(
                    expected.example().completions().toArray(),
                    actual.example().completions().toArray());
        }
    }

    @Provide
    Arbitrary<List<TrainingExample>> batches() {
        Arbitrary<int[]> ids =
                Arbitraries.integers().array(int[].class).ofMinSize(1).ofMaxSize(8);
        Arbitrary<Example> examples =
                Combinators.combine(ids, ids.list().ofMinSize(1).ofMaxSize(2)).as(Example::new);
        Arbitrary<Long> ordinals = Arbitraries.longs().between(0, 1L << 53);
        Arbitrary<double[]> references =
                Arbitraries.doubles().array(double[].class).ofMaxSize(2);
        return Combinators.combine(ordinals, examples, references)
                .as(TrainingExample::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6);
    }

    @Test
    void refusesArraysOfAnotherType() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> ExampleCodec.decode(Nd4j.createFromArray(1f), Nd4j.createFromArray(1d)))
                .getMessage();
        assertEquals("A batch holds INT32 features and FLOAT64 labels, not FLOAT and DOUBLE.", message);
    }
}
