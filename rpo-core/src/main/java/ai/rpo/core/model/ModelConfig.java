package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Holds what a decoder needs to know of a {@code config.json}, whatever family wrote it.
 *
 * @param modelType {@code model_type} of the file, such as {@code llama}
 * @param vocabularySize rows of the embedding table
 * @param hiddenSize columns of the residual stream
 * @param intermediateSize columns between the feed-forward projections
 * @param layers decoder blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads; fewer than {@code heads} in grouped-query attention
 * @param headDim columns of one head
 * @param activation of the feed-forward
 * @param normEpsilon added to the mean square inside RMSNorm, or to the variance inside LayerNorm
 * @param rotary frequencies of the rotary embedding of each layer; none in layers that do not know positions, or where
 *     those are learned
 * @param contextLength {@code max_position_embeddings}, and the rows of a table of learned positions
 * @param tiedHead whether the head's weight is the embedding table
 * @param eosIds ids that end a completion, from {@code config.json}
 * @param architecture how the family computes
 * @param reward the head of a reward model; empty for a language model
 */
public record ModelConfig(
        String modelType,
        int vocabularySize,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDim,
        Activation activation,
        double normEpsilon,
        List<RotaryFrequencies> rotary,
        int contextLength,
        boolean tiedHead,
        List<Integer> eosIds,
        Architecture architecture,
        Optional<RewardHead> reward) {

    public ModelConfig {
        rotary = List.copyOf(rotary);
        eosIds = List.copyOf(eosIds);
    }

    /** A language model. */
    public ModelConfig(
            String modelType,
            int vocabularySize,
            int hiddenSize,
            int intermediateSize,
            int layers,
            int heads,
            int keyValueHeads,
            int headDim,
            Activation activation,
            double normEpsilon,
            List<RotaryFrequencies> rotary,
            int contextLength,
            boolean tiedHead,
            List<Integer> eosIds,
            Architecture architecture) {
        this(
                modelType,
                vocabularySize,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads,
                headDim,
                activation,
                normEpsilon,
                rotary,
                contextLength,
                tiedHead,
                eosIds,
                architecture,
                Optional.empty());
    }

    /** Gives the same decoder under the head of a reward model. */
    public ModelConfig with(RewardHead head) {
        return new ModelConfig(
                modelType,
                vocabularySize,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads,
                headDim,
                activation,
                normEpsilon,
                rotary,
                contextLength,
                false,
                eosIds,
                architecture
                        .with(architecture.names().withHead(RewardHead.NAME))
                        .with(architecture.biases().withoutHead()),
                Optional.of(head));
    }

    /** Rows of the head's weight. */
    int outputs() {
        return reward.isPresent() ? 1 : vocabularySize;
    }

    public RotaryFrequencies rotary(int layer) {
        return rotary.get(layer);
    }

    /** A model that computes as Llama does. */
    public ModelConfig(
            String modelType,
            int vocabularySize,
            int hiddenSize,
            int intermediateSize,
            int layers,
            int heads,
            int keyValueHeads,
            int headDim,
            Activation activation,
            double normEpsilon,
            RotaryFrequencies rotary,
            int contextLength,
            boolean tiedHead,
            List<Integer> eosIds) {
        this(
                modelType,
                vocabularySize,
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                keyValueHeads,
                headDim,
                activation,
                normEpsilon,
                Collections.nCopies(layers, rotary),
                contextLength,
                tiedHead,
                eosIds,
                Architecture.llama(headDim));
    }
}
