package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.List;

/**
 * What a decoder needs to know of a {@code config.json}, whatever family wrote it.
 *
 * @param modelType {@code model_type} of the file, such as {@code llama}
 * @param vocabularySize rows of the embedding table
 * @param hiddenSize columns of the residual stream
 * @param intermediateSize columns between the feed-forward projections
 * @param layers decoder blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads; fewer than {@code heads} in grouped-query attention
 * @param headDim columns of one head
 * @param activation of the gated feed-forward
 * @param normEpsilon added to the mean square inside RMSNorm
 * @param rotary frequencies of the rotary embedding
 * @param contextLength {@code max_position_embeddings}
 * @param tiedHead whether the head's weight is the embedding table
 * @param eosIds ids that end a completion, from {@code config.json}
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
        RotaryFrequencies rotary,
        int contextLength,
        boolean tiedHead,
        List<Integer> eosIds) {

    public ModelConfig {
        eosIds = List.copyOf(eosIds);
    }
}
