package ai.rpo.bench;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Times greedy generation: {@code generate SHAPE PROMPT NEW_TOKENS PROMPTS RUNS [bf16] [profile]}. All prompts are continued at once; the
 * median of some runs counts, after one of warm-up. With {@code profile} it says where the time of a run goes.
 */
public final class GenerateBenchmark {

    private GenerateBenchmark() {}

    public static void main(String[] args) {
        Shape shape = Shape.valueOf(args[1].toUpperCase(Locale.ROOT));
        int promptLength = Integer.parseInt(args[2]);
        int newTokens = Integer.parseInt(args[3]);
        int prompts = Integer.parseInt(args[4]);
        int runs = Integer.parseInt(args[5]);
        Precision precision = List.of(args).contains("bf16") ? Precision.BFLOAT16 : Precision.FLOAT32;
        Backend backend = Backends.create(precision, Runtime.getRuntime().availableProcessors());
        boolean profile = List.of(args).contains("profile");
        TimedBackend timed = new TimedBackend(backend);
        Parameters weights = Parameters.readOnly(shape.config(), shape.weights(), backend);
        Decoder decoder = new Decoder(shape.config(), profile ? timed.backend() : backend);
        Generator generator = new Generator(decoder, weights, prompts);
        Random random = new Random(2);
        List<Generator.Request> requests = IntStream.range(0, prompts)
                .mapToObj(i -> random.ints(promptLength, 3, shape.config().vocabularySize())
                        .toArray())
                .map(ids -> new Generator.Request(ids, 0))
                .toList();
        seconds(generator, requests, newTokens);
        timed.reset();
        double[] seconds = IntStream.range(0, runs)
                .mapToDouble(run -> seconds(generator, requests, newTokens))
                .sorted()
                .toArray();
        System.out.printf(
                Locale.ROOT,
                "generate shape=%s %d+%d prompts=%d %s: median %.3f s, %.1f new tokens/s%n",
                shape,
                promptLength,
                newTokens,
                prompts,
                precision.key(),
                seconds[runs / 2],
                prompts * newTokens / seconds[runs / 2]);
        if (profile) {
            timed.print(runs, 1e3 * Arrays.stream(seconds).average().orElseThrow());
        }
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
