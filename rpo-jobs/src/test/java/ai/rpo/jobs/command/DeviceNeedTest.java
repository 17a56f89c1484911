package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of Mistral 7B, whose 7.24 billion weights lie in a file of zeros that takes no room. */
class DeviceNeedTest {

    private static final String MISTRAL = """
            {
              "model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
              "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_act": "silu",
              "max_position_embeddings": 32768, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
              "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16"
            }
            """;
    private static final NativeRoom ROOMY = new NativeRoom(OptionalLong.of(128L << 30), "given", "raise it");

    @TempDir
    private Path folder;

    @BeforeEach
    void model() throws IOException {
        ModelConfig config = ModelConfigParser.parse(MISTRAL, "config.json");
        List<String> tensors = new ArrayList<>();
        long at = 0;
        for (ParameterLayout.Entry entry : ParameterLayout.of(config).entries()) {
            String shape = entry.vector() ? "" + entry.size() : entry.rows() + "," + entry.columns();
            long end = at + Short.BYTES * entry.size();
            tensors.add("\"" + entry.name() + "\":{\"dtype\":\"BF16\",\"shape\":[" + shape + "],\"data_offsets\":[" + at
                    + "," + end + "]}");
            at = end;
        }
        byte[] header = ("{" + String.join(",", tensors) + "}").getBytes(StandardCharsets.UTF_8);
        Files.writeString(folder.resolve("config.json"), MISTRAL);
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("model.safetensors").toFile(), "rw")) {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            file.write(length.putLong(header.length).array());
            file.write(header);
            file.setLength(Long.BYTES + header.length + at);
        }
    }

    @Test
    void theRecipeOfAnAdapterFits24GigabytesInBfloat16AndInFourBits() {
        need("lora-24gb", 24).requireFits(ROOMY);
        need("lora-24gb", 12, "rpo.lora.base-precision=nf4").requireFits(ROOMY);
        assertTrue(need("lora-24gb", 24).describeHost().startsWith("little"));
        String refused = refused(need("lora-24gb", 12), ROOMY);
        assertTrue(refused.startsWith("Cannot run on a GPU of 12,288 MB"), refused);
        assertTrue(refused.contains("rpo.lora.base-precision = nf4 ("), refused);
    }

    @Test
    void theRecipeOfAllWeightsFits80GigabytesWithItsStateAtHome() {
        DeviceNeed need = need("full-80gb", 80);
        need.requireFits(ROOMY);
        assertEquals(
                "82,875 MB for the optimizer's state and weights in float32, heap apart", // 12 bytes of 7,241,732,096
                need.describeHost());
        NativeRoom laptop = new NativeRoom(OptionalLong.of(16L << 30), "this machine's", "name another");
        String refused = refused(need, laptop);
        assertTrue(
                refused.startsWith("Cannot keep the optimizer's state in the host's 16,384 MB (this machine's)"),
                refused);
        need("full-80gb", 80, "rpo.train.optimizer-device=auto").requireFits(ROOMY);
        need("full-80gb", 140, "rpo.train.optimizer-device=device").requireFits(laptop);
    }

    @Test
    void whatWouldFitIsNamedAndDoes() {
        String refused = refused(need("full-80gb", 80, "rpo.train.optimizer-device=device"), ROOMY);
        assertTrue(
                refused.contains("What would fit: rpo.train.recompute = true, rpo.train.tokens-per-micro-batch = 1536,"
                        + " rpo.train.optimizer-device = host ("),
                refused);
        need("full-80gb", 80, "rpo.train.tokens-per-micro-batch=1536", "rpo.train.optimizer-device=host")
                .requireFits(ROOMY);
        String small = refused(need("full-80gb", 24), ROOMY);
        assertTrue(small.contains("rpo.lora.rank = 16 ("), small);
        assertTrue(refused(need("full-80gb", 4), ROOMY).contains("Nothing would fit there"));
    }

    /** 16 bytes a parameter with all on the GPU; 12 of them at home, and a copy in bfloat16 in their place. */
    @Test
    void theWaysToTrainAreListedWithWhatEachTakes() {
        List<String> ways = need("full-80gb", 80).describeWays();
        assertEquals(3, ways.size());
        long parameters = ParameterLayout.of(ModelConfigParser.parse(MISTRAL, "config.json"))
                .size();
        assertTrue(
                ways.get(0).matches("all weights, optimizer-device = device: .* 0 MB in the host, which does not fit"));
        assertTrue(megabytes(ways.get(0)) > 16 * parameters >> 20, ways.get(0));
        assertTrue(
                ways.get(1).matches("all weights, optimizer-device = host: .* on the GPU, 82,875 MB in the host"),
                ways.get(1));
        assertTrue(megabytes(ways.get(1)) > 6 * parameters >> 20, ways.get(1));
        assertTrue(ways.get(2).startsWith("an adapter, rpo.lora.rank = 16: "), ways.get(2));
        List<String> adapter =
                need("lora-24gb", 24, "rpo.lora.base-precision=nf4").describeWays();
        assertEquals(1, adapter.size(), "all weights of four bits are not trained");
        assertTrue(adapter.get(0).startsWith("the adapter of rpo.lora: "), adapter.get(0));
    }

    private static long megabytes(String way) {
        return Long.parseLong(
                way.replaceAll(".*: ([\\d,]+) MB on the GPU.*", "$1").replace(",", ""));
    }

    @Test
    void aGpuOfUnknownSizeIsNotChecked() {
        DeviceNeed need =
                new DeviceNeed(ModelDirectory.open(folder), settings("full-80gb"), Work.RUN, OptionalLong.empty());
        assertDoesNotThrow(() -> need.requireFits(ROOMY));
    }

    @Test
    void whatWouldFitIsSaidInTheKeysOfTheCommand() {
        Settings settings = settings("full-80gb", "rpo.reward.tokens-per-micro-batch=65536");
        ModelDirectory start = ModelDirectory.open(folder);
        DeviceNeed rewards = new DeviceNeed(start, settings, Work.REWARD, OptionalLong.of(80L << 30));
        String refused = refused(rewards, ROOMY);
        assertTrue(refused.contains("rpo.reward.recompute = true, rpo.reward.tokens-per-micro-batch = "), refused);
        assertFalse(refused.contains("rpo.train."), refused);
        NativeRoom tight = new NativeRoom(OptionalLong.of(1L << 30), "this machine's", "name another");
        String supervised = assertThrows(
                        RpoException.class, () -> new MemoryNeed(start, settings, Work.SFT).requireFits(tight))
                .getMessage();
        assertTrue(
                supervised.contains(
                        "Lower rpo.sft.tokens-per-micro-batch or rpo.data.max-length, set rpo.sft.recompute"),
                supervised);
    }

    private static String refused(DeviceNeed need, NativeRoom host) {
        return assertThrows(RpoException.class, () -> need.requireFits(host)).getMessage();
    }

    private DeviceNeed need(String recipe, int gigabytes, String... more) {
        Settings settings = settings(recipe, more);
        ModelDirectory start = ModelDirectory.open(folder).with(settings.lora().basePrecision());
        return new DeviceNeed(start, settings, Work.RUN, OptionalLong.of((long) gigabytes << 30));
    }

    private Settings settings(String recipe, String... more) {
        List<String> definitions = Stream.concat(
                        Stream.of("rpo.model.path=" + folder, "rpo.data.train=somewhere"), Stream.of(more))
                .toList();
        ConfigurationSources sources = new ConfigurationSources(
                Optional.of("../conf/recipes/" + recipe + ".conf"), ConfigFactory.empty(), definitions);
        return ResolvedConfiguration.load(sources, List.of("rpo.output", "rpo.model.path", "rpo.data.train"))
                .settings();
    }
}
