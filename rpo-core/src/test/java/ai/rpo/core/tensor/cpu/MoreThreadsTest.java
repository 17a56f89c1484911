package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A gradient is as many jobs however many threads share them, and none of them is left to one thread. */
class MoreThreadsTest {

    private static final ModelConfig CONFIG = ModelConfigParser.parse("""
            {
              "model_type": "llama", "vocab_size": 512, "hidden_size": 128, "intermediate_size": 352,
              "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": true
            }
            """, "config.json");

    private static final List<TrainingExample> BATCH = batch(new Random(5));

    /** A pool that counts its jobs, and those of them that a single thread does. */
    private static final class CountingPool extends WorkerPool {
        private long jobs;
        private long alone;

        CountingPool(int threads) {
            super(threads, CpuBackend.lanes(OneDnn.shared(), false));
        }

        @Override
        void run(int tasks, Body body) {
            jobs++;
            if (tasks == 1) {
                alone++;
            }
            super.run(tasks, body);
        }
    }

    @Test
    void noPassOverTheNumbersIsAddedByThreads() {
        CountingPool two = gradientWith(2);

        assertEquals(two.jobs, gradientWith(3).jobs);
        assertEquals(two.jobs, gradientWith(16).jobs);
        assertEquals(0, two.alone);
        assertTrue(two.jobs < 40L * CONFIG.layers(), two.jobs + " jobs");
    }

    private static CountingPool gradientWith(int threads) {
        CountingPool pool = new CountingPool(threads);
        CpuBackend backend = new CpuBackend(OneDnn.shared(), new LoopMath(), false, pool, "float32");
        ParameterLayout layout = ParameterLayout.of(CONFIG);
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        float[] numbers = new float[Math.toIntExact(layout.size())];
        Arrays.fill(numbers, 0.01f);
        weights.storage().write(0, numbers, 0, numbers.length);
        Parameters gradients = new Parameters(layout, backend.allocate(layout.size()));
        new BatchGradient(new Decoder(CONFIG, backend), RpoObjective.paper(0.1, 0.5), Integer.MAX_VALUE, false)
                .add(weights, BATCH, gradients);
        return pool;
    }

    private static List<TrainingExample> batch(Random random) {
        List<TrainingExample> batch = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Example pair = new Example(tokens(random, 96), List.of(tokens(random, 64), tokens(random, 64)));
            batch.add(new TrainingExample(i, pair, new double[] {-5, -6}));
        }
        return batch;
    }

    private static int[] tokens(Random random, int count) {
        return random.ints(count, 0, CONFIG.vocabularySize()).toArray();
    }
}
