package ai.rpo.core.generate;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Continues prompts by sampling from the model's distribution, computing every prefix anew: right for short answers.
 *
 * <p>Each prompt has a random stream of its own, so its completion does not depend on the batch it is in. Serves one
 * thread.
 */
public final class Sampler {

    private final Decoder decoder;
    private final Parameters weights;
    private final Workspace workspace;

    public Sampler(Decoder decoder, Parameters weights) {
        this.decoder = decoder;
        this.weights = weights;
        this.workspace = new Workspace(decoder.backend());
    }

    /**
     * @param prompt token ids
     * @param seed of the prompt's own random stream
     */
    public record Request(int[] prompt, long seed) {}

    /**
     * @param temperature divides the logits; 0 takes the likeliest token
     * @param maxTokens length at which a completion ends unfinished
     * @param eosIds tokens that end a completion, and are part of it
     */
    public record Settings(double temperature, int maxTokens, Collection<Integer> eosIds) {

        public Settings {
            if (!(temperature >= 0)) {
                throw new IllegalArgumentException("temperature must be at least 0, but is " + temperature);
            }
            if (maxTokens < 1) {
                throw new IllegalArgumentException("max-tokens must be at least 1, but is " + maxTokens);
            }
        }
    }

    /** Token ids of one completion per request, in order. */
    public List<int[]> sample(List<Request> requests, Settings settings) {
        List<Continuation> all = requests.stream().map(Continuation::new).toList();
        List<Continuation> open = new ArrayList<>(all);
        for (int token = 0; token < settings.maxTokens() && !open.isEmpty(); token++) {
            double[] logits = decoder.nextTokenLogits(
                            weights, open.stream().map(Continuation::ids).toList(), workspace)
                    .toArray();
            int vocabulary = logits.length / open.size();
            for (int i = 0; i < open.size(); i++) {
                double[] row = Arrays.copyOfRange(logits, i * vocabulary, (i + 1) * vocabulary);
                open.get(i).append(row, settings);
            }
            open.removeIf(c -> c.finished);
        }
        return all.stream().map(Continuation::completion).toList();
    }

    private static final class Continuation {
        private final int promptLength;
        private final SplittableRandom random;
        private int[] ids;
        private boolean finished;

        private Continuation(Request request) {
            promptLength = request.prompt().length;
            random = new SplittableRandom(request.seed());
            ids = request.prompt();
        }

        private int[] ids() {
            return ids;
        }

        private int[] completion() {
            return Arrays.copyOfRange(ids, promptLength, ids.length);
        }

        private void append(double[] logits, Settings settings) {
            int token = settings.temperature() == 0 ? likeliest(logits) : draw(logits, settings.temperature());
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = token;
            finished = settings.eosIds().contains(token);
        }

        private static int likeliest(double[] logits) {
            return IntStream.range(0, logits.length)
                    .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                    .orElseThrow();
        }

        private int draw(double[] logits, double temperature) {
            double highest = Arrays.stream(logits).max().orElseThrow();
            double[] weights = Arrays.stream(logits)
                    .map(l -> Math.exp((l - highest) / temperature))
                    .toArray();
            double left = random.nextDouble() * Arrays.stream(weights).sum();
            for (int i = 0; i < weights.length; i++) {
                left -= weights[i];
                if (left < 0) {
                    return i;
                }
            }
            return likeliest(logits);
        }
    }
}
