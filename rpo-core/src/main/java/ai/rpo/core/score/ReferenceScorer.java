package ai.rpo.core.score;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.PackedBatch;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Log-probabilities of completions under fixed weights, by the same kernels as training; or the rewards that a reward
 * model gives them, normalised where its file says with what.
 *
 * <p>Weights may be shared between scorers; a scorer itself serves one thread.
 */
public final class ReferenceScorer implements AutoCloseable {

    private final Decoder decoder;
    private final Parameters weights;
    private final Workspace workspace;

    public ReferenceScorer(Decoder decoder, Parameters weights) {
        this.decoder = decoder;
        this.weights = weights;
        this.workspace = new Workspace(decoder.backend());
    }

    /** Tells whether these are the weights it scores with. */
    public boolean uses(Parameters others) {
        return weights == others;
    }

    /** Rows that an example adds to a batch; see {@link Decoder#rowsBehind}. */
    public int rowsBehind(List<Example> batch, Example next) {
        return decoder.rowsBehind(batch, next);
    }

    /** Gives the scratch memory back, not the weights. */
    @Override
    public void close() {
        workspace.close();
    }

    /**
     * Gives one log-probability per completion, in nats, or one reward, example after example. Examples are scored
     * together, as one packed batch, and none depends on its neighbours; a prompt that neighbours have in common is computed
     * once.
     */
    public double[] completionLogps(List<Example> examples) {
        PackedBatch batch = decoder.packSharing(examples);
        return rewards(batch.sumByCompletion(decoder.tokenLogps(weights, batch, workspace)));
    }

    private double[] rewards(double[] numbers) {
        decoder.config().reward().ifPresent(head -> Arrays.setAll(numbers, i -> head.reward(numbers[i])));
        return numbers;
    }

    /** Scores examples together, each completion as a whole and, by a language model, token by token. */
    public List<ExampleScore> scoreTokens(List<Example> examples) {
        if (decoder.config().reward().isPresent()) {
            return scoreEnds(examples);
        }
        double[] logps = decoder.tokenLogps(weights, decoder.packSharing(examples), workspace);
        List<ExampleScore> scores = new ArrayList<>(examples.size());
        int start = 0;
        for (Example example : examples) {
            double[] sums = new double[example.completions().size()];
            int token = start;
            for (int c = 0; c < sums.length; c++) {
                for (int i = 0; i < example.completions().get(c).length; i++) {
                    sums[c] += logps[token++];
                }
            }
            float[] tokens = new float[token - start];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = (float) logps[start + i];
            }
            scores.add(new ExampleScore(sums, tokens));
            start = token;
        }
        return scores;
    }

    private List<ExampleScore> scoreEnds(List<Example> examples) {
        double[] rewards = completionLogps(examples);
        List<ExampleScore> scores = new ArrayList<>(examples.size());
        int next = 0;
        for (Example example : examples) {
            int end = next + example.completions().size();
            scores.add(new ExampleScore(Arrays.copyOfRange(rewards, next, end), null));
            next = end;
        }
        return scores;
    }
}
