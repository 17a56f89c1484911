package ai.rpo.jobs.demo;

import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.ParameterLayout;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/** The letter world as the ordinary files that the ordinary stages read: rows of text and models in Hugging Face layout. */
final class WorldFiles {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Standard deviation of untrained matrices, as Hugging Face's Llama has it; {@code initializer_range}. */
    private static final double INITIAL_DEVIATION = 0.02;

    private WorldFiles() {}

    /** Rows of {@code prompt}, {@code chosen}, {@code rejected}. */
    static void writePairs(Path file, List<PreferenceSet.Pair> pairs) throws IOException {
        writeRows(
                file,
                pairs,
                pair -> row(
                        "prompt",
                        LetterWorld.prompt(pair.letters()),
                        "chosen",
                        pair.chosen(),
                        "rejected",
                        pair.rejected()));
    }

    /** Rows of {@code prompt}, {@code completion}: the careless writer's answers to fresh prompts. */
    static void writeExamples(Path file, int count, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        CarelessWriter writer = new CarelessWriter(random.split());
        List<String> prompts = PreferenceSet.prompts(random, java.util.Set.of(), count);
        writeRows(
                file,
                prompts,
                letters -> row("prompt", LetterWorld.prompt(letters), "completion", writer.answer(letters)));
    }

    /** An untrained model of the base model's shape, with its tokenizer. */
    static void writeUntrainedModel(Path folder, Path base, long seed) {
        ModelDirectory source = ModelDirectory.open(base);
        SplittableRandom seeds = new SplittableRandom(seed);
        Map<String, float[]> initial = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : ParameterLayout.of(source.config()).entries()) {
            initial.put(entry.name(), initial(entry, seeds.split()));
        }
        new ModelExport(source, Dtype.F32)
                .write(
                        folder,
                        (entry, offset, target) ->
                                target.put(initial.get(entry.name()), Math.toIntExact(offset), target.remaining()),
                        Map.of("weights", "untrained, seed " + seed));
    }

    /** Normalization weights start at 1, matrices from a normal distribution. */
    private static float[] initial(ParameterLayout.Entry entry, SplittableRandom random) {
        float[] values = new float[Math.toIntExact(entry.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = entry.vector() ? 1 : (float) random.nextGaussian(0, INITIAL_DEVIATION);
        }
        return values;
    }

    static <T> void writeRows(Path file, List<T> rows, Function<T, Map<String, String>> fields) throws IOException {
        Files.createDirectories(file.getParent());
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (T row : rows) {
                out.write(JSON.writeValueAsString(fields.apply(row)));
                out.write('\n');
            }
        }
    }

    static Map<String, String> row(String... fields) {
        Map<String, String> row = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            row.put(fields[i], fields[i + 1]);
        }
        return row;
    }
}
