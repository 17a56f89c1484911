package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * The final norm and the projection to the vocabulary, on the rows that predict a completion token and in chunks, so
 * that logits of all tokens never exist at once.
 */
final class LanguageModelHead implements Head<LanguageModelHead.Saved> {

    /** Logits kept at once, in elements; a batch that needs no more keeps them for the backward pass. */
    private static final int CHUNK_ELEMENTS = 1 << 25;

    /**
     * @param norm of the rows
     * @param normalized rows {@code [targets, hidden]}, as the weight reads them
     * @param logSumExp of each softmax, {@code [targets, 1]}
     * @param logits if all were kept, else null
     * @param slopes of a frozen head: the gradient of each target's log-probability by its normalised row,
     *     {@code [targets, hidden]}; else null
     */
    record Saved(Normalization.Saved norm, Tensor normalized, Tensor logSumExp, Tensor logits, Tensor slopes) {}

    private final Backend backend;
    private final Normalization norm;
    private final String weight;
    private final int vocabulary;
    private final Optional<String> bias;
    private final double multiplier;
    private final double cap;
    private final int chunkElements;

    LanguageModelHead(Backend backend, ModelConfig config) {
        this(backend, config, CHUNK_ELEMENTS);
    }

    /** @param chunkElements logits kept at once */
    LanguageModelHead(Backend backend, ModelConfig config, int chunkElements) {
        this.backend = backend;
        this.chunkElements = chunkElements;
        WeightNames names = config.architecture().names();
        norm = Normalization.of(backend, config, names.finalNorm());
        weight = names.headWeight(config.tiedHead());
        bias = config.architecture().biases().head() ? Optional.of(names.headBias()) : Optional.empty();
        multiplier = config.architecture().multipliers().logits();
        cap = config.architecture().logitCap();
        vocabulary = config.vocabularySize();
    }

    /** Logits of some rows of {@code x [tokens, hidden]}, into {@code [rows, vocabulary]}. */
    void logits(Parameters weights, Tensor x, int[] rows, Tensor logits, Workspace workspace) {
        Tensor gathered = workspace.tensor(rows.length, x.columns());
        backend.gatherRows(x, rows, gathered);
        Tensor normalized = workspace.tensor(rows.length, x.columns());
        normalize(weights, gathered, normalized, workspace);
        project(weights, normalized, logits);
    }

    /** The normalized rows that predict the batch's targets, {@code [targets, hidden]}: what {@link #project} takes. */
    Tensor predictions(Parameters weights, Tensor x, PackedBatch batch, Workspace workspace) {
        Tensor normalized = workspace.tensor(batch.targetCount(), x.columns());
        normalizePredicting(weights, x, batch, normalized, workspace);
        return normalized;
    }

    private Normalization.Saved normalizePredicting(
            Parameters weights, Tensor x, PackedBatch batch, Tensor normalized, Workspace workspace) {
        Tensor rows = workspace.tensor(batch.targetCount(), x.columns());
        backend.gatherRows(x, batch.targetRows(), rows);
        return normalize(weights, rows, normalized, workspace);
    }

    /** Multiplies the normalized rows instead of the logits, of which there are more. */
    private Normalization.Saved normalize(Parameters weights, Tensor rows, Tensor normalized, Workspace workspace) {
        Normalization.Saved saved = norm.forward(weights, rows, normalized, workspace);
        multiply(normalized);
        return saved;
    }

    private void multiply(Tensor rows) {
        if (multiplier != 1) {
            backend.scale(rows, multiplier);
        }
    }

    /**
     * @param x the last block's output, {@code [tokens, hidden]}
     * @param frozen whether a backward pass follows that leaves the weight alone. Such a pass needs the logits only to
     *     find how each log-probability depends on its row, and that is found here, before the loss is known: the loss
     *     scales it, completion by completion. So the logits are not kept, and not computed twice.
     * @param logps receives the log-probability of each of the batch's targets
     */
    @Override
    public Saved forward(
            Parameters weights, Tensor x, PackedBatch batch, boolean frozen, double[] logps, Workspace workspace) {
        int targets = batch.targetCount();
        Tensor normalized = workspace.tensor(targets, x.columns());
        Normalization.Saved saved = normalizePredicting(weights, x, batch, normalized, workspace);
        Tensor logSumExp = workspace.tensor(targets, 1);
        int chunk = chunkRows(targets);
        Tensor slopes = frozen ? workspace.tensor(targets, x.columns()) : null;
        Tensor kept = !frozen && chunk == targets ? workspace.tensor(targets, vocabulary) : null;
        double[] ones = new double[targets];
        Arrays.fill(ones, 1);
        Workspace.Mark mark = workspace.mark();
        Tensor logits = kept != null ? kept : workspace.tensor(chunk, vocabulary);
        for (int from = 0; from < targets; from += chunk) {
            int to = Math.min(targets, from + chunk);
            Tensor part = logits.rows(0, to - from);
            Tensor sums = logSumExp.rows(from, to);
            project(weights, normalized.rows(from, to), part);
            backend.targetLogps(part, batch.targets(), from, logps, sums);
            if (frozen) {
                turnIntoGradient(part, sums, batch, from, ones, workspace);
                backend.linearBackwardInput(part, weights.get(weight), slopes.rows(from, to), false);
            }
        }
        workspace.release(mark);
        return new Saved(saved, normalized, logSumExp, kept, slopes);
    }

    /**
     * The gradient with respect to the last block's output, {@code [tokens, hidden]}, of Σ coefficient·logp.
     *
     * @param saved is used up
     * @param coefficients one per completion, or one per target
     * @param intoX zeros, or a gradient to add to
     */
    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            double[] coefficients,
            Tensor intoX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor dNormalized = saved.slopes;
        if (dNormalized == null) {
            dNormalized =
                    throughWeight(weights, saved, batch, batch.spreadToTargets(coefficients), gradients, workspace);
        } else {
            scale(dNormalized, batch, coefficients);
        }
        multiply(dNormalized);
        Tensor dRows = workspace.zeros(batch.targetCount(), intoX.columns());
        norm.backward(saved.norm, dNormalized, dRows, gradients, workspace);
        backend.scatterAddRows(dRows, batch.targetRows(), intoX);
        workspace.release(mark);
    }

    private void scale(Tensor slopes, PackedBatch batch, double[] coefficients) {
        boolean byTarget = coefficients.length == batch.targetCount();
        for (int i = 0; i < coefficients.length; i++) {
            backend.scale(byTarget ? slopes.rows(i, i + 1) : batch.rowsOf(i, slopes), coefficients[i]);
        }
    }

    /** The gradient with respect to the normalised rows; adds to that of the weight. */
    private Tensor throughWeight(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            double[] coefficients,
            Parameters gradients,
            Workspace workspace) {
        int targets = batch.targetCount();
        Tensor normalized = saved.normalized;
        Tensor dNormalized = workspace.tensor(targets, normalized.columns());
        int chunk = chunkRows(targets);
        Tensor logits = saved.logits != null ? saved.logits : workspace.tensor(chunk, vocabulary);
        for (int from = 0; from < targets; from += chunk) {
            int to = Math.min(targets, from + chunk);
            Tensor part = logits.rows(0, to - from);
            Tensor input = normalized.rows(from, to);
            if (saved.logits == null) {
                project(weights, input, part);
            }
            turnIntoGradient(part, saved.logSumExp.rows(from, to), batch, from, coefficients, workspace);
            backend.linearBackwardInput(part, weights.get(weight), dNormalized.rows(from, to), false);
            backend.linearBackwardWeight(part, input, gradients.get(weight));
            bias.ifPresent(name -> backend.addRowBackward(part, gradients.get(name)));
        }
        return dNormalized;
    }

    private void turnIntoGradient(
            Tensor logits, Tensor logSumExp, PackedBatch batch, int from, double[] coefficients, Workspace workspace) {
        if (cap == 0) {
            backend.targetLogpsBackward(logits, logSumExp, batch.targets(), from, coefficients);
            return;
        }
        Workspace.Mark mark = workspace.mark();
        Tensor capped = workspace.tensor(logits.rows(), logits.columns());
        backend.copy(logits, capped);
        backend.targetLogpsBackward(logits, logSumExp, batch.targets(), from, coefficients);
        backend.softCapBackward(capped, cap, logits);
        workspace.release(mark);
    }

    /** The logits of normalized rows, {@code [rows, hidden]} to {@code [rows, vocabulary]}. */
    void project(Parameters weights, Tensor x, Tensor logits) {
        backend.linear(x, weights.get(weight), logits, false);
        bias.ifPresent(name -> backend.addRow(weights.get(name), logits));
        if (cap > 0) {
            backend.softCap(logits, cap);
        }
    }

    private int chunkRows(int targets) {
        return Math.min(targets, Math.max(1, chunkElements / vocabulary));
    }
}
