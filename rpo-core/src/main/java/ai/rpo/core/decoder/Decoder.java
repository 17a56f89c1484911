package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The transformer: token ids to log-probabilities of completion tokens, and the gradient of a weighted sum of those.
 * Under the head of a reward model it gives one number of each completion in their place, which stands for all of its
 * tokens.
 *
 * <p>That sum is all the backward pass needs: a loss over whole completions reaches the network as one coefficient per
 * completion (docs/math.md, 4). Holds no weights and no state of a pass, so one decoder serves many threads, each with
 * its own {@link Workspace}.
 */
public final class Decoder {

    private final ModelConfig config;
    private final Backend backend;
    private final Embedding embedding;
    private final List<Block> blocks;
    private final Head<?> head;
    private final boolean frozenHead;
    private final int lowestTrained;

    public Decoder(ModelConfig config, Backend backend) {
        this(config, Optional.empty(), backend);
    }

    /** @param lora an adapter whose matrices are among the weights */
    public Decoder(ModelConfig config, Optional<Lora> lora, Backend backend) {
        this.config = config;
        this.backend = backend;
        embedding = new Embedding(backend, config);
        Map<RotaryFrequencies, RotaryTable> rotary = new HashMap<>(); // layers of one rotation share its table
        config.rotary().forEach(frequencies -> rotary.computeIfAbsent(frequencies, f -> new RotaryTable(backend, f)));
        blocks = IntStream.range(0, config.layers())
                .mapToObj(layer -> new Block(backend, config, lora, rotary.get(config.rotary(layer)), layer))
                .toList();
        head = config.reward().isPresent() ? new ScalarHead(backend, config) : new LanguageModelHead(backend, config);
        String headWeight = config.architecture().names().headWeight(config.tiedHead());
        frozenHead = lora.isPresent() && !lora.get().trains(headWeight);
        lowestTrained = lora.map(adapter -> lowest(config, adapter)).orElse(0);
    }

    /** The lowest layer with something that is trained in it or, for embeddings, below it. */
    private static int lowest(ModelConfig config, Lora lora) {
        WeightNames names = config.architecture().names();
        if (Stream.concat(Stream.of(names.embedding()), names.positions().stream())
                .anyMatch(lora.saved()::contains)) {
            return 0;
        }
        return IntStream.range(0, config.layers())
                .filter(layer -> Stream.of(lora.modules(), lora.parameters(), lora.saved())
                        .flatMap(Set::stream)
                        .anyMatch(module -> module.startsWith(names.block(layer))))
                .findFirst()
                .orElse(config.layers());
    }

    public Backend backend() {
        return backend;
    }

    public ModelConfig config() {
        return config;
    }

    /** Lays examples out as this model reads them. */
    public PackedBatch pack(List<Example> examples) {
        return config.reward()
                .map(reward -> PackedBatch.ofEnds(examples, reward.padding()))
                .orElseGet(() -> PackedBatch.of(examples));
    }

    /**
     * Lays examples out as {@link #pack(List)} does, but neighbours with equal prompts with one prompt, as several samples of
     * one prompt are. What is predicted is the same, in the same order.
     */
    public PackedBatch packSharing(List<Example> examples) {
        List<Example> merged = new ArrayList<>();
        int to;
        for (int from = 0; from < examples.size(); from = to) {
            to = from + 1;
            while (to < examples.size() && seesSame(examples.get(to - 1), examples.get(to))) {
                to++;
            }
            merged.add(new Example(
                    examples.get(from).prompt(),
                    examples.subList(from, to).stream()
                            .flatMap(example -> example.completions().stream())
                            .toList()));
        }
        return pack(merged);
    }

    /** Rows that an example adds to those that {@link #packSharing} makes of the examples before it. */
    public int rowsBehind(List<Example> before, Example next) {
        boolean shares = !before.isEmpty() && seesSame(before.get(before.size() - 1), next);
        return next.packedRows() - (shares ? next.prompt().length : 0);
    }

    /** Tells whether a prompt's rows are the same in both, which they are not where the length of a sequence turns them. */
    private boolean seesSame(Example one, Example other) {
        int length = one.longestSequence();
        int otherLength = other.longestSequence();
        return one.sharesPromptWith(other)
                && !CachedBatch.haveOtherAngles(
                        Math.min(length, otherLength), Math.max(length, otherLength), config.rotary());
    }

    /** Packs examples with a seed of each example's dropout; see {@link PackedBatch#of(List, long[])}. */
    public PackedBatch pack(List<Example> examples, long[] noise) {
        return pack(examples).with(noise);
    }

    /** A finished forward pass; its tensors live in the workspace until the backward pass or a reset. */
    public static final class Pass {
        private final PackedBatch batch;
        private final PackedBatch predicting;
        private final double[] logps;
        private final List<Tensor> inputs = new ArrayList<>();
        private final List<Block.Saved> saved = new ArrayList<>();
        private Read<?> read;

        private Pass(PackedBatch batch) {
            this.batch = batch;
            this.predicting = batch.predicting();
            this.logps = new double[batch.targetCount()];
        }

        /**
         * Log-probability of each completion token, completion after completion; a reward model's number of each
         * completion.
         */
        public double[] tokenLogps() {
            return logps;
        }

        /** Log-probability of each completion: the sum over its tokens, in nats. */
        public double[] completionLogps() {
            return batch.sumByCompletion(logps);
        }
    }

    /** Holds what the head read, and what it keeps of that. */
    private record Read<S>(Head<S> head, S saved) {

        static <S> Read<S> of(
                Head<S> head, Parameters weights, Tensor x, Pass pass, boolean frozen, Workspace workspace) {
            return new Read<>(head, head.forward(weights, x, pass.predicting, frozen, pass.logps, workspace));
        }

        void backward(
                Parameters weights,
                Pass pass,
                double[] coefficients,
                Tensor intoX,
                Parameters gradients,
                Workspace workspace) {
            head.backward(weights, saved, pass.predicting, coefficients, intoX, gradients, workspace);
        }
    }

    /**
     * Log-probability of each completion token, keeping no activations; a reward model's number of each completion,
     * before {@link ai.rpo.core.model.RewardHead#reward}.
     *
     * @param batch as {@link #pack} lays it out
     */
    public double[] tokenLogps(Parameters weights, PackedBatch batch, Workspace workspace) {
        workspace.reset();
        double[] logps = new double[batch.targetCount()];
        PackedBatch predicting = batch.predicting();
        Tensor x = throughBlocks(weights, batch, predicting, routing -> {}, workspace);
        head.forward(weights, x, predicting, false, logps, workspace);
        return logps;
    }

    /** Counts what a batch uses of a mixture's experts, keeping no activations; the head is left out. */
    public ExpertUse expertUse(Parameters weights, PackedBatch batch, Workspace workspace) {
        workspace.reset();
        ExpertUse use = noUse();
        throughBlocks(weights, batch, batch.predicting(), use::add, workspace);
        return use;
    }

    /**
     * A count of a mixture's experts to begin with.
     *
     * @throws IllegalStateException if the model has no experts
     */
    public ExpertUse noUse() {
        return config.architecture()
                .mixture()
                .map(mixture -> new ExpertUse(mixture.experts()))
                .orElseThrow(() -> new IllegalStateException("A " + config.modelType() + " model has no experts."));
    }

    /** An empty cache for a sequence of up to {@code capacity} tokens. */
    public KeyValueCache cache(int capacity) {
        return new KeyValueCache(backend, config, capacity);
    }

    /**
     * A sequence to be continued.
     *
     * @param ids of which the first {@code length} count
     * @param cache what is kept of the sequence's beginning; empty at first, and filled by every pass
     */
    public record Prefix(int[] ids, int length, KeyValueCache cache) {}

    /**
     * Logits of the token after each sequence; computes only those tokens that are in no cache yet.
     *
     * @param logits receives {@code [sequences, vocabulary]}
     */
    public void nextLogits(Parameters weights, List<Prefix> sequences, Tensor logits, Workspace workspace) {
        workspace.reset();
        CachedBatch batch = new CachedBatch(sequences, config.rotary());
        words().logits(
                        weights,
                        throughBlocks(weights, batch, batch, routing -> {}, workspace),
                        batch.lastRows(),
                        logits,
                        workspace);
        batch.markCached();
    }

    /**
     * Takes what two sequences have in common from the cache of one, as far as that is of use: where angles depend on a
     * sequence's length and the one is long, the other begins with nothing.
     *
     * @param tokens that both begin with, and {@code from} holds
     */
    public void copyPrefix(KeyValueCache from, int tokens, KeyValueCache to) {
        to.clear();
        if (!CachedBatch.haveOtherAngles(tokens, from.length(), config.rotary())) {
            to.copy(from, tokens, backend);
        }
    }

    /**
     * Goes as far as the rows from which the batch's completion tokens are predicted, {@code [targets, hidden]}. Their
     * logits are made by {@link #logits}, some rows at a time.
     */
    public Tensor predictions(Parameters weights, PackedBatch batch, Workspace workspace) {
        workspace.reset();
        PackedBatch predicting = batch.predicting();
        Tensor x = throughBlocks(weights, batch, predicting, routing -> {}, workspace);
        return words().predictions(weights, x, predicting, workspace);
    }

    /**
     * Turns rows of {@link #predictions} into logits.
     *
     * @param logits receives {@code [rows, vocabulary]}
     */
    public void logits(Parameters weights, Tensor rows, Tensor logits) {
        words().project(weights, rows, logits);
    }

    private LanguageModelHead words() {
        if (!(head instanceof LanguageModelHead words)) {
            throw new IllegalStateException("A reward model predicts no tokens.");
        }
        return words;
    }

    /**
     * A forward pass that keeps what the backward pass needs.
     *
     * @param recompute keep only each block's input and compute the rest again on the way back: far less memory for
     *     about a third more time
     */
    public Pass forward(Parameters weights, PackedBatch batch, boolean recompute, Workspace workspace) {
        return forward(weights, batch, recompute, Optional.empty(), workspace);
    }

    /**
     * A forward pass that also counts what it uses of a mixture's experts.
     *
     * @param use is added to
     */
    public Pass forward(
            Parameters weights, PackedBatch batch, boolean recompute, Optional<ExpertUse> use, Workspace workspace) {
        workspace.reset();
        Pass pass = new Pass(batch);
        Tensor x = embedding.forward(weights, batch, workspace);
        for (int i = 0; i < blocks.size(); i++) {
            PackedBatch kept = keptBy(i, pass);
            Tensor out = workspace.tensor(kept.rows(), x.columns());
            Workspace.Mark mark = workspace.mark();
            Block.Saved saved = blocks.get(i).forward(weights, x, batch, kept, out, workspace);
            pass.inputs.add(x);
            use.ifPresent(sum -> saved.routing().ifPresent(sum::add));
            if (recompute) {
                workspace.release(mark);
            } else {
                pass.saved.add(saved);
            }
            x = out;
        }
        pass.inputs.add(x);
        pass.read = Read.of(head, weights, x, pass, frozenHead, workspace);
        return pass;
    }

    /**
     * Adds the gradient of {@code Σ coefficient·log π} over completions, or over their tokens, to {@code gradients};
     * uses up the pass.
     *
     * @param gradients of all weights, or of an adapter alone: then no product is made that only frozen weights would
     *     need
     * @param coefficients one per completion of the batch, or one per completion token
     */
    public void backward(
            Parameters weights, Pass pass, double[] coefficients, Parameters gradients, Workspace workspace) {
        backward(weights, pass, coefficients, Optional.empty(), gradients, workspace);
    }

    /**
     * Adds the gradient of a term over a mixture's probabilities too.
     *
     * @param balance derivative of that term by each expert's probability, in all rows of all layers the same: see
     *     {@link ExpertUse#slopes}
     */
    public void backward(
            Parameters weights,
            Pass pass,
            double[] coefficients,
            Optional<double[]> balance,
            Parameters gradients,
            Workspace workspace) {
        PackedBatch batch = pass.batch;
        PackedBatch predicting = pass.predicting;
        Tensor ofPredicting = workspace.zeros(predicting.rows(), config.hiddenSize());
        Tensor gradient = predicting == batch ? ofPredicting : workspace.zeros(batch.rows(), config.hiddenSize());
        pass.read.backward(weights, pass, coefficients, ofPredicting, gradients, workspace);
        for (int i = blocks.size() - 1; i >= lowestTrained; i--) {
            Workspace.Mark mark = workspace.mark();
            PackedBatch kept = keptBy(i, pass);
            Block.Saved saved = saved(pass, i, weights, workspace);
            balance.ifPresent(slopes -> saved.routing().ifPresent(routing -> routing.balance(slopes)));
            Tensor ofKept = kept == batch ? gradient : ofPredicting;
            blocks.get(i).backward(weights, saved, batch, kept, ofKept, gradient, gradients, workspace);
            workspace.release(mark);
        }
        embedding.backward(batch, gradient, gradients);
    }

    /** The rows that a block puts out. */
    private PackedBatch keptBy(int layer, Pass pass) {
        return layer == blocks.size() - 1 ? pass.predicting : pass.batch;
    }

    private Block.Saved saved(Pass pass, int layer, Parameters weights, Workspace workspace) {
        if (!pass.saved.isEmpty()) {
            return pass.saved.get(layer);
        }
        Tensor x = pass.inputs.get(layer);
        PackedBatch kept = keptBy(layer, pass);
        Tensor out = workspace.tensor(kept.rows(), x.columns());
        return blocks.get(layer).forward(weights, x, pass.batch, kept, out, workspace);
    }

    /** The last block's output, keeping nothing else: {@code [rows of predicting, hidden]}. */
    private Tensor throughBlocks(
            Parameters weights,
            TokenRows batch,
            TokenRows predicting,
            Consumer<Routing> routings,
            Workspace workspace) {
        Tensor x = embedding.forward(weights, batch, workspace);
        Tensor next = workspace.tensor(x.rows(), x.columns());
        for (int i = 0; i < blocks.size(); i++) {
            TokenRows kept = i == blocks.size() - 1 ? predicting : batch;
            Tensor out = next.rows(0, kept.rows());
            Workspace.Mark mark = workspace.mark();
            blocks.get(i)
                    .forward(weights, x, batch, kept, out, workspace)
                    .routing()
                    .ifPresent(routings);
            workspace.release(mark);
            next = x;
            x = out;
        }
        return x;
    }
}
