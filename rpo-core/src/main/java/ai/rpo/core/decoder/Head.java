package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;

/**
 * Stands on top of the blocks and goes from the rows of a batch that are read to one number for each of its targets.
 *
 * @param <S> what the forward pass saves for the backward pass
 */
interface Head<S> {

    /**
     * @param x the last block's output, {@code [tokens, hidden]}
     * @param frozen whether a backward pass follows that leaves the head's weight alone
     * @param numbers receives one for each of the batch's targets
     */
    S forward(Parameters weights, Tensor x, PackedBatch batch, boolean frozen, double[] numbers, Workspace workspace);

    /**
     * Adds the gradient of Σ coefficient·number with respect to the last block's output.
     *
     * @param saved is used up
     * @param coefficients one per completion, or one per target
     * @param intoX zeros, or a gradient to add to
     */
    void backward(
            Parameters weights,
            S saved,
            PackedBatch batch,
            double[] coefficients,
            Tensor intoX,
            Parameters gradients,
            Workspace workspace);
}
