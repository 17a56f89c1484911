package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.jobs.ProgramHere;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code validate} on published checkpoints by their {@code config.json} alone, which {@code model/make_published.py} wrote
 * down with the number of parameters that transformers makes of each. A test's name says what the model needs.
 */
class PublishedShapesTest {

    private static final Path PUBLISHED = Path.of("../rpo-core/src/test/resources/model/published.json");
    private static final Pattern NEEDS =
            Pattern.compile("memory +((\\S+) MB to score, (\\S+) MB to train (\\S+) parameters)");
    private static final int TOKENS = 1024;

    /** Default of {@code rpo.reference.tokens-per-batch}. */
    private static final long ROWS = 8192;

    @TempDir
    private static Path work;

    @TestFactory
    List<DynamicTest> validateSaysWhatEachNeeds() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode model : new ObjectMapper().readTree(PUBLISHED.toFile())) {
            String name = model.get("name").asText();
            String out = validate(model);
            Matcher needs = NEEDS.matcher(out);
            String said = needs.find() ? needs.group(1) : "nothing";
            tests.add(DynamicTest.dynamicTest(name + ": " + said, () -> check(model, out)));
        }
        return tests;
    }

    /** Weights alone are known from outside; what comes on top lies within what such a decoder can need. */
    private static void check(JsonNode model, String out) {
        long parameters = model.get("parameters").longValue();
        assertTrue(out.contains(String.format(Locale.ROOT, "%,d parameters, context", parameters)), out);
        assertTrue(out.contains("has neither model.safetensors nor model.safetensors.index.json"), out);
        Matcher needs = NEEDS.matcher(out);
        assertTrue(needs.find(), out);
        assertEquals(parameters, number(needs.group(4)), out);
        long weights = Float.BYTES * parameters >> 20;
        ModelConfig config = ModelConfigParser.parse(model.get("config").toString(), "config.json");
        long inner = config.architecture()
                .mixture()
                .map(mixture -> mixture.chosen() * (mixture.columns() + config.hiddenSize()) + mixture.sharedColumns())
                .orElse(config.intermediateSize());
        long row = Float.BYTES * (2L * config.hiddenSize() + 8L * config.headDim() + 4 * inner);
        long scoring = number(needs.group(2));
        assertTrue(
                scoring > weights && scoring < weights + (2 * ROWS * row >> 20) + 1024, scoring + " beside " + weights);
        long training = number(needs.group(3));
        assertTrue(training > 4 * weights && training < 4 * weights + 20_000, training + " beside " + weights);
        assertEquals(config.layers(), config.rotary().size());
        assertTrue(config.architecture().attention().windows().stream().allMatch(w -> w < config.contextLength()));
    }

    /** Of Llama 3.1 8B's parameters 1.05 billion are embeddings and head, in bfloat16; the others are packed. */
    @Test
    void matricesOfFourBitsTakeLessThanAByte() throws IOException {
        for (JsonNode model : new ObjectMapper().readTree(PUBLISHED.toFile())) {
            if (model.get("name").asText().equals("Llama-3.1-8B")) {
                String out = validate(
                        model, "-Drpo.lora.rank=16", "-Drpo.lora.base-precision=nf4", "-Drpo.precision=bfloat16");
                double packed = 0.5625 * 6_979_321_856L;
                double rest = 2 * 2L * 128_256 * 4096 + Float.BYTES * 65L * 4096;
                String each = String.format(Locale.ROOT, "%.2f bytes a parameter", (packed + rest) / 8_030_261_248L);
                assertEquals("0.75 bytes a parameter", each);
                assertTrue(out.contains(each), out);
            }
        }
    }

    private static long number(String text) {
        return Long.parseLong(text.replace(",", ""));
    }

    private static String validate(JsonNode model, String... more) throws IOException {
        Path folder = Files.createDirectories(work.resolve(model.get("name").asText()));
        Files.writeString(folder.resolve("config.json"), model.get("config").toString());
        List<String> arguments = new ArrayList<>(List.of(
                "validate",
                "-Drpo.model.path=" + folder,
                "-Drpo.data.train=pairs.jsonl",
                "-Drpo.data.max-length=" + TOKENS,
                "-Drpo.train.recompute=true",
                "-Drpo.output=" + work.resolve("run")));
        arguments.addAll(List.of(more));
        return ProgramHere.printed(2, arguments);
    }
}
