package ai.rpo.bench;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/** Times greedy generation: {@code SHAPE PROMPT NEW_TOKENS PROMPTS AT_ONCE}; one run of warm-up, then one that counts. */
public final class GenerateBenchmark {

    private GenerateBenchmark() {}

    public static void main(String[] args) {
        Shape shape = Shape.valueOf(args[0].toUpperCase(Locale.ROOT));
        int promptLength = Integer.parseInt(args[1]);
        int newTokens = Integer.parseInt(args[2]);
        int prompts = Integer.parseInt(args[3]);
        int atOnce = Integer.parseInt(args[4]);
        Backend backend = Backends.create("float32", Runtime.getRuntime().availableProcessors());
        ParameterLayout layout = ParameterLayout.of(shape.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        shape.initialise(weights.storage());
        Generator generator = new Generator(new Decoder(shape.config(), backend), weights, atOnce);
        Random random = new Random(2);
        List<Generator.Request> requests = IntStream.range(0, prompts)
                .mapToObj(i -> random.ints(promptLength, 3, shape.config().vocabularySize())
                        .toArray())
                .map(ids -> new Generator.Request(ids, 0))
                .toList();
        seconds(generator, requests.subList(0, Math.min(prompts, atOnce)), newTokens);
        double seconds = seconds(generator, requests, newTokens);
        System.out.printf(
                Locale.ROOT,
                "generate shape=%s %d+%d prompts=%d at once %d: %.3f s, %.1f new tokens/s%n",
                shape,
                promptLength,
                newTokens,
                prompts,
                atOnce,
                seconds,
                prompts * newTokens / seconds);
    }

    private static double seconds(Generator generator, List<Generator.Request> requests, int newTokens) {
        long start = System.nanoTime();
        Iterator<?> completions =
                generator.generate(requests.iterator(), SamplingSettings.greedy(newTokens), List.of(), StopRule.NONE);
        while (completions.hasNext()) {
            completions.next();
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
