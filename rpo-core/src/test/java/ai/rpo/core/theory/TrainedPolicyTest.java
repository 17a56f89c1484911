package ai.rpo.core.theory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import ai.rpo.core.theory.Comparisons.Duel;
import ai.rpo.core.theory.experiment.FixedCounts;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.TrainSettingsFixture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The engine itself, on the laboratory's data: a transformer whose answers are one token out of three. */
class TrainedPolicyTest {

    private static final String CONFIG = """
            {
              "model_type": "llama", "vocab_size": 3, "hidden_size": 8, "intermediate_size": 8,
              "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 8,
              "tie_word_embeddings": false, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;
    private static final int STEPS = 250;
    private static final double ETA = 0.2;
    private static final double BETA = 0.1;

    @Test
    void convergesToTheSolutionOfTheGame() {
        ModelConfig config = ModelConfigParser.parse(CONFIG, "config.json");
        TrainSettings settings =
                TrainSettingsFixture.constantRate(0.05).cosine(0).build();
        PolicyNetwork network = PolicyNetwork.create(
                TrainPlan.of(CONFIG, RpoObjective.paper(BETA, ETA), settings, Precision.FLOAT32, STEPS + 2, 1));
        float[] start = new float[Math.toIntExact(network.state().parameters().size())];
        SmallModel.random(config, new Nd4jBackend(), 5).storage().read(0, start, 0, start.length);
        network.state().parameters().write(0, start, 0, start.length);

        List<TrainingExample> pairs = pairs();
        for (int step = 0; step < STEPS; step++) {
            network.step(pairs);
        }
        double[] expected = FixedCounts.unbounded(ETA, BETA).policy();
        assertArrayEquals(expected, policy(network, pairs), 2e-3);
        assertTrue(Math.abs(expected[0] - FixedCounts.BANDIT.reference()[0]) > 0.5, "the reference is no solution");
    }

    private static List<TrainingExample> pairs() {
        List<TrainingExample> pairs = new ArrayList<>();
        for (Duel duel : FixedCounts.DATA.duels()) {
            for (int i = 0; i < duel.count(); i++) {
                pairs.add(pair(duel.winner(), duel.loser()));
            }
        }
        return pairs;
    }

    private static TrainingExample pair(int winner, int loser) {
        double[] reference = FixedCounts.BANDIT.reference();
        return new TrainingExample(
                0,
                new Example(new int[] {0}, List.of(new int[] {winner}, new int[] {loser})),
                new double[] {Math.log(reference[winner]), Math.log(reference[loser])});
    }

    /** By the log-probabilities that a step reports of two pairs that name all three tokens. */
    private static double[] policy(PolicyNetwork network, List<TrainingExample> pairs) {
        StepMetrics first = network.step(List.of(pairs.get(0)));
        StepMetrics last = network.step(List.of(pairs.get(pairs.size() - 1)));
        return new double[] {
            Math.exp(first.mean("logps/chosen")),
            Math.exp(first.mean("logps/rejected")),
            Math.exp(last.mean("logps/chosen"))
        };
    }
}
