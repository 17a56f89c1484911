package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.PlainBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss that balances the use of experts, against transformers; {@code balance/make_balance.py} made the numbers. */
class BalanceGoldenTest {

    private final PlainBackend backend = new PlainBackend();

    /** All pairs at once, some at a time, each alone; transformers sums up in float32. */
    @ParameterizedTest
    @CsvSource({
        "mixtral, 1000, false",
        "mixtral, 1000, true",
        "qwen2_moe, 60, false",
        "qwen3_moe, 60, false",
        "olmoe, 1, true",
        "gpt_oss, 60, true"
    })
    void lossAndGradientAreThoseOfTransformers(String family, int rows, boolean recompute)
            throws IOException, URISyntaxException {
        Path folder = Path.of(getClass().getResource("/balance").toURI());
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve(family + ".json").toFile());
        Golden golden = Golden.in(Golden.family(family));
        Parameters weights = SmallModel.zeros(golden.model().config(), backend);
        weights.load(golden.model().weights());
        Parameters gradients = SmallModel.zeros(golden.model().config(), backend);

        StepMetrics metrics = new BatchGradient(
                        new Decoder(golden.model().config(), backend),
                        RpoObjective.paper(golden.number("beta"), golden.number("eta")),
                        rows,
                        recompute,
                        expected.get("weight").asDouble())
                .add(weights, golden.pairs(), gradients);

        for (String name : new String[] {"loss", "aux_loss", "total_loss"}) {
            assertEquals(expected.get(name).asDouble(), metrics.mean(name), 2e-6, name);
        }
        FamilyGoldenTest.assertClose(
                golden.flat(folder.resolve(family + ".safetensors").toString()), gradients);
    }
}
