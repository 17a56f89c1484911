package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An adapter trained, exported in both forms, and started from. */
class AdapterRunTest {

    @TempDir
    Path folder;

    @BeforeEach
    void inputs() throws IOException {
        TinyRun.inputs(folder, 12, "lora.rank = 2");
    }

    @Test
    void trainedExportedAndStartedFrom() throws Exception {
        run("train");
        run("export", "-D", "rpo.export.form=adapter");
        Path merged = folder.resolve("out/model");
        Path adapter = folder.resolve("out/export/adapter-float32/model");

        assertFalse(Files.exists(adapter.resolve("config.json")), "an adapter has no model of its own");
        assertTrue(Files.readString(adapter.resolve("README.md")).contains("| rpo.export.form | adapter |"));
        float[] start = numbers(ModelDirectory.open(folder.resolve("tiny")));
        float[] trained = numbers(ModelDirectory.open(merged));
        assertArrayEquals(trained, numbers(ModelDirectory.open(adapter)), 1e-6f);
        assertFalse(Arrays.equals(start, trained), "training changed nothing");

        Path moved = Files.move(folder.resolve("tiny"), folder.resolve("elsewhere"));
        run(
                "train",
                "-D",
                "rpo.output=" + folder.resolve("on"),
                "-D",
                "rpo.model.path=" + adapter,
                "-D",
                "rpo.model.base=" + moved);
        String first =
                Files.readAllLines(folder.resolve("on/train/metrics.jsonl")).get(0);
        double margin =
                new ObjectMapper().readTree(first).get("rewards/margins").asDouble();
        assertEquals(0, margin, 1e-4, "the reference is the model with the adapter");
        assertFalse(Arrays.equals(trained, numbers(ModelDirectory.open(folder.resolve("on/model")))));
    }

    /** Ranks of their own, one layer, magnitudes, and an embedding beside them: through a run, a resumed one and both exports. */
    @Test
    void whatElsePeftHas() throws Exception {
        List<String> settings = new ArrayList<>();
        for (String setting : List.of(
                "lora.rank-pattern={v_proj = 3}",
                "lora.alpha-pattern={q_proj = 5}",
                "lora.layers=[1]",
                "lora.dora=true",
                "lora.modules-to-save=[embed_tokens, model.norm]")) {
            settings.addAll(List.of("-D", "rpo." + setting));
        }
        run("train", settings.toArray(String[]::new));
        JsonNode first = new ObjectMapper()
                .readTree(Files.readAllLines(folder.resolve("out/train/metrics.jsonl"))
                        .get(0));
        assertEquals(0, first.get("rewards/margins").asDouble(), 1e-5, "magnitudes do not begin as the rows are");
        settings.addAll(List.of("-D", "rpo.export.form=adapter"));
        run("export", settings.toArray(String[]::new));
        ModelDirectory adapter = ModelDirectory.open(folder.resolve("out/export/adapter-float32/model"));
        Lora lora = adapter.adapter().orElseThrow().lora();
        assertTrue(lora.dora());
        assertEquals(Set.of("model.embed_tokens", "model.norm"), lora.saved());
        assertEquals(3, lora.rank("model.layers.1.self_attn.v_proj"));
        assertEquals(2.5, lora.scale("model.layers.1.self_attn.q_proj"));
        assertTrue(lora.modules().stream().allMatch(module -> module.startsWith("model.layers.1.")));
        float[] merged = numbers(ModelDirectory.open(folder.resolve("out/model")));
        assertArrayEquals(merged, numbers(adapter), 1e-6f);
        float[] start = numbers(ModelDirectory.open(folder.resolve("tiny")));
        for (ParameterLayout.Entry entry : ParameterLayout.of(adapter.config()).entries()) {
            int from = (int) entry.offset();
            int to = (int) (from + entry.size());
            boolean changed = !Arrays.equals(start, from, to, merged, from, to);
            assertEquals(
                    entry.name().matches("model.(embed_tokens|norm|layers.1.*_proj).weight"), changed, entry.name());
        }
    }

    /** Trained with their use balanced, and exported in both forms. */
    @Test
    void onExperts() throws Exception {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(
                    TinyRun.MODEL.resolve("../mixtral/" + name),
                    folder.resolve("tiny/" + name),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        List<String> settings = new ArrayList<>(List.of(
                "-D", "rpo.lora.target-modules=[]",
                "-D", "rpo.train.router-aux-loss-coef=0.25",
                "-D", "rpo.lora.target-parameters=[mlp.experts.gate_up_proj, layers.1.mlp.experts.down_proj]"));
        run("train", settings.toArray(String[]::new));
        JsonNode first = new ObjectMapper()
                .readTree(Files.readAllLines(folder.resolve("out/train/metrics.jsonl"))
                        .get(0));
        double balance = first.get("aux_loss").asDouble();
        assertTrue(balance > 1, "two of four are chosen: " + balance);
        assertEquals(
                first.get("loss").asDouble() + 0.25 * balance,
                first.get("total_loss").asDouble(),
                1e-6);
        settings.addAll(List.of("-D", "rpo.export.form=adapter"));
        run("export", settings.toArray(String[]::new));
        ModelDirectory adapter = ModelDirectory.open(folder.resolve("out/export/adapter-float32/model"));
        float[] start = numbers(ModelDirectory.open(folder.resolve("tiny")));
        float[] merged = numbers(ModelDirectory.open(folder.resolve("out/model")));
        assertArrayEquals(merged, numbers(adapter), 1e-6f);
        for (ParameterLayout.Entry entry : ParameterLayout.of(adapter.config()).entries()) {
            int from = (int) entry.offset();
            int to = (int) (from + entry.size());
            boolean adapted =
                    entry.name().matches(".*experts\\.\\d\\.w[13].weight|.*layers.1.*experts\\.\\d\\.w2.weight");
            assertTrue(adapted || Arrays.equals(start, from, to, merged, from, to), entry.name());
        }
        assertFalse(Arrays.equals(start, merged), "training changed nothing");
    }

    @Test
    void whereThereAreNoExpertsTheirUseIsNotBalanced() {
        int code = Main.execute(new String[] {
            "train", "--config", folder.resolve("my.conf").toString(), "-D", "rpo.train.router-aux-loss-coef=0.1"
        });
        assertEquals(2, code);
        assertFalse(Files.exists(folder.resolve("out/data")), "found out late");
    }

    /** Training and the reference read the same four bits, whether they were made here or lie in the files. */
    @Test
    void onFourBits() throws Exception {
        Files.copy(folder.resolve("pairs.jsonl"), folder.resolve("eval.jsonl"));
        for (String kind : List.of("made", "stored")) {
            if (kind.equals("stored")) {
                for (String name : List.of("config.json", "model.safetensors")) {
                    Files.copy(
                            TinyRun.MODEL.resolve("../../quantized/llama_nf4/" + name),
                            folder.resolve("tiny/" + name),
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
            Path out = folder.resolve(kind);
            List<String> settings = new ArrayList<>(List.of(
                    "-D", "rpo.output=" + out,
                    "-D", "rpo.data.eval=" + folder.resolve("eval.jsonl"),
                    "-D", "rpo.export.form=adapter"));
            if (kind.equals("made")) {
                settings.addAll(List.of("-D", "rpo.lora.base-precision=nf4"));
            }
            run("evaluate", settings.toArray(String[]::new));

            JsonNode first = new ObjectMapper()
                    .readTree(Files.readAllLines(out.resolve("train/metrics.jsonl"))
                            .get(0));
            assertEquals(0, first.get("rewards/margins").asDouble(), 1e-6, "the reference is not of the same bits");
            ModelDirectory adapter = ModelDirectory.open(out.resolve("model"));
            assertEquals(kind.equals("stored"), adapter.unmerged().isPresent());
            double margin = new ObjectMapper()
                    .readTree(out.resolve("eval/metrics.json").toFile())
                    .get("rewards/margins")
                    .get("mean")
                    .asDouble();
            assertTrue(margin > 0.01, "nothing was learned: " + margin);
        }
    }

    private void run(String command, String... more) {
        String[] arguments = Stream.concat(
                        Stream.of(command, "--config", folder.resolve("my.conf").toString()), Stream.of(more))
                .toArray(String[]::new);
        assertEquals(0, Main.execute(arguments), String.join(" ", arguments));
    }

    private static float[] numbers(ModelDirectory model) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        FloatBuffer numbers = FloatBuffer.allocate((int) layout.size());
        for (ParameterLayout.Entry entry : layout.entries()) {
            model.weights().read(entry, 0, numbers.slice((int) entry.offset(), (int) entry.size()));
        }
        return numbers.array();
    }
}
