package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NetworkStateTest {

    /** 5.1 M parameters, so that they and the moments take several chunks, the last ones short. */
    private static final String CONFIG = """
            {
              "model_type": "llama", "vocab_size": 20000, "hidden_size": 256, "intermediate_size": 8,
              "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 64,
              "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;

    @Test
    void aNetworkMovesIntoAnotherBitForBit() {
        PolicyNetwork from = network(TrainSettings.Optimizer.ADAMW);
        fill(from.state().parameters(), 1);
        fill(from.state().moments().orElseThrow(), 2);
        PolicyNetwork to = network(TrainSettings.Optimizer.ADAMW);
        NetworkState source = new NetworkState(from.state(), Optional.empty());
        NetworkState target = new NetworkState(to.state(), Optional.empty());

        assertEquals(2 + 3, source.layout().count());
        for (int chunk = 0; chunk < 5; chunk++) {
            target.write(chunk, source.read(chunk));
        }

        assertBits(values(from.state().parameters()), values(to.state().parameters()));
        assertBits(
                values(from.state().moments().orElseThrow()),
                values(to.state().moments().orElseThrow()));
        assertThrows(IndexOutOfBoundsException.class, () -> source.read(5));
    }

    @Test
    void plainSgdHasParametersAlone() {
        ChunkLayout layout =
                new NetworkState(network(TrainSettings.Optimizer.SGD).state(), Optional.empty()).layout();
        assertEquals(2, layout.count());
        assertEquals(0, layout.moments());
    }

    private static PolicyNetwork network(TrainSettings.Optimizer optimizer) {
        TrainSettings settings = new TrainSettings(
                1,
                1,
                64,
                false,
                0.1,
                0,
                TrainSettings.Schedule.CONSTANT,
                optimizer,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                0,
                0,
                false,
                1,
                1,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
        return PolicyNetwork.create(TrainPlan.of(CONFIG, new Supervised(), settings, Precision.FLOAT32, 1, 1));
    }

    private static void fill(Storage storage, long seed) {
        Random random = new Random(seed);
        float[] values = new float[Math.toIntExact(storage.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(random.nextInt());
        }
        storage.write(0, values, 0, values.length);
    }

    private static float[] values(Storage storage) {
        float[] values = new float[Math.toIntExact(storage.size())];
        storage.read(0, values, 0, values.length);
        return values;
    }

    private static void assertBits(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        int[] expectedBits = new int[expected.length];
        int[] actualBits = new int[expected.length];
        for (int i = 0; i < expected.length; i++) {
            expectedBits[i] = Float.floatToRawIntBits(expected[i]);
            actualBits[i] = Float.floatToRawIntBits(actual[i]);
        }
        assertArrayEquals(expectedBits, actualBits);
    }
}
