package ai.rpo.core.score;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.PackedBatch;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.gauge.TokenDivergence;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Measures a policy's Kullback-Leibler divergence from its reference along completions, from the whole distributions of both
 * over the next token.
 *
 * <p>Hidden rows of both models lie side by side, logits only of some rows at a time. Weights may be shared; a scorer itself
 * serves one thread.
 */
public final class DivergenceScorer implements AutoCloseable {

    /** Logits of each model kept at once, in elements. */
    private static final int CHUNK_ELEMENTS = 1 << 23;

    private final Model policy;
    private final Model reference;
    private final Backend backend;
    private final int chunkElements;

    /** A model of the two, with its scratch memory. */
    private record Model(Decoder decoder, Parameters weights, Workspace workspace) {

        Model(Decoder decoder, Parameters weights) {
            this(decoder, weights, new Workspace(decoder.backend()));
        }

        Tensor predictions(PackedBatch batch) {
            return decoder.predictions(weights, batch, workspace);
        }
    }

    /**
     * @throws IllegalArgumentException unless both compute on one backend, and have one vocabulary
     */
    public DivergenceScorer(Decoder policy, Parameters policyWeights, Decoder reference, Parameters referenceWeights) {
        this(policy, policyWeights, reference, referenceWeights, CHUNK_ELEMENTS);
    }

    /** @param chunkElements logits of each model kept at once */
    DivergenceScorer(
            Decoder policy,
            Parameters policyWeights,
            Decoder reference,
            Parameters referenceWeights,
            int chunkElements) {
        if (policy.backend() != reference.backend()) {
            throw new IllegalArgumentException("Two models are compared on one backend.");
        }
        if (policy.config().vocabularySize() != reference.config().vocabularySize()) {
            throw new IllegalArgumentException("There is no divergence between "
                    + policy.config().vocabularySize() + " and "
                    + reference.config().vocabularySize() + " tokens.");
        }
        this.policy = new Model(policy, policyWeights);
        this.reference = new Model(reference, referenceWeights);
        this.backend = policy.backend();
        this.chunkElements = chunkElements;
    }

    /** Gives the scratch memory back, not the weights. */
    @Override
    public void close() {
        policy.workspace.close();
        reference.workspace.close();
    }

    /** Measures completions together, as one packed batch, like {@link ReferenceScorer}: one divergence per completion, example after example. */
    public List<Divergence> measure(List<Example> examples) {
        PackedBatch batch = policy.decoder.packSharing(examples);
        Tokens tokens = new Tokens(batch.targetCount());
        Tensor ours = policy.predictions(batch);
        Tensor theirs = reference.predictions(batch);
        int vocabulary = policy.decoder.config().vocabularySize();
        int chunk = Math.min(batch.targetCount(), Math.max(1, chunkElements / vocabulary));
        Tensor left = policy.workspace.tensor(chunk, vocabulary);
        Tensor right = reference.workspace.tensor(chunk, vocabulary);
        Tensor logSumExp = policy.workspace.tensor(chunk, 1);
        for (int from = 0; from < batch.targetCount(); from += chunk) {
            int to = Math.min(batch.targetCount(), from + chunk);
            Tensor part = left.rows(0, to - from);
            Tensor other = right.rows(0, to - from);
            policy.decoder.logits(policy.weights, ours.rows(from, to), part);
            reference.decoder.logits(reference.weights, theirs.rows(from, to), other);
            compare(part, other, logSumExp.rows(0, to - from), batch.targets(), from, tokens);
        }
        return tokens.byCompletion(batch);
    }

    /** Numbers of each completion token. */
    private record Tokens(double[] kl, double[] logps, double[] referenceLogps) {

        Tokens(int count) {
            this(new double[count], new double[count], new double[count]);
        }

        List<Divergence> byCompletion(PackedBatch batch) {
            double[] k1 = IntStream.range(0, kl.length)
                    .mapToDouble(t -> TokenDivergence.k1(logps[t], referenceLogps[t]))
                    .toArray();
            double[] k3 = IntStream.range(0, kl.length)
                    .mapToDouble(t -> TokenDivergence.k3(logps[t], referenceLogps[t]))
                    .toArray();
            double[] klSums = batch.sumByCompletion(kl);
            double[] k1Sums = batch.sumByCompletion(k1);
            double[] k3Sums = batch.sumByCompletion(k3);
            List<Divergence> divergences = new ArrayList<>(klSums.length);
            for (int c = 0; c < klSums.length; c++) {
                divergences.add(new Divergence(klSums[c], k1Sums[c], k3Sums[c]));
            }
            return divergences;
        }
    }

    /**
     * Uses that KL is the mean of the log-ratio under π: with logits a and b of both, {@code KL = ℓ(y) + Σ_v (π(v) − [v = y])·(a_v −
     * b_v)} for any token y. The sum over v knows no constant that was added to all logits, so none costs digits, and its
     * factor is what the gradient of a log-probability is made of.
     *
     * @param ours logits of the policy, {@code [t, vocabulary]}; used up, as are the reference's
     */
    private void compare(Tensor ours, Tensor theirs, Tensor logSumExp, int[] targets, int from, Tokens tokens) {
        int rows = ours.rows();
        backend.targetLogps(theirs, targets, from, tokens.referenceLogps, logSumExp);
        backend.targetLogps(ours, targets, from, tokens.logps, logSumExp);
        backend.scale(theirs, -1);
        backend.add(ours, theirs);
        double[] minusOne = new double[from + rows];
        Arrays.fill(minusOne, -1);
        backend.targetLogpsBackward(ours, logSumExp, targets, from, minusOne);
        double[] beyondTarget = new double[rows];
        double[] shares = new double[rows];
        backend.mixRowsBackward(theirs, IntStream.range(0, rows).toArray(), shares, ours, theirs, beyondTarget);
        for (int i = 0; i < rows; i++) {
            double atTarget = TokenDivergence.k1(tokens.logps[from + i], tokens.referenceLogps[from + i]);
            tokens.kl[from + i] = Math.max(0, atTarget + beyondTarget[i]); // rounding could make it negative
        }
    }
}
