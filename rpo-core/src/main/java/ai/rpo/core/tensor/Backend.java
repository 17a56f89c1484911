package ai.rpo.core.tensor;

import java.util.List;
import java.util.OptionalLong;

/**
 * The arithmetic of a transformer in coarse, fused operations, forward and backward.
 *
 * <p>Conventions: tensors are row-major {@code [tokens, features]}; weights lie as in Hugging Face files,
 * {@code [out, in]}; an argument named {@code out} is overwritten, one named {@code into…} is added to, and neither may
 * overlap an input unless the operation says that it works in place. Shapes are the caller's duty: a mismatch is a bug
 * and throws {@link IllegalArgumentException}. Results do not depend on the number of threads beyond rounding.
 *
 * <p>A backend is safe for use from several threads as long as they write to different tensors.
 */
public interface Backend {

    /** One line for the log: provider, instruction set, precision, threads. */
    String describe();

    /** A new zero-filled storage. */
    Storage allocate(long size);

    /**
     * A new storage of scratch memory: its numbers may be anything until they are written, and what is never written
     * may cost no memory.
     */
    default Storage allocateScratch(long size) {
        return allocate(size);
    }

    /** Returns how many bytes the device has on which this one computes, used or not; empty in the host's memory. */
    default OptionalLong deviceMemory() {
        return OptionalLong.empty();
    }

    /**
     * Opens a way to copy to and from the host while this backend computes.
     *
     * @param piece most elements that are copied at once
     */
    default Transfers transfers(int piece) {
        return new TransfersAtOnce();
    }

    /** Tells to what products with weights round their operands. */
    default Precision products() {
        return Precision.FLOAT32;
    }

    /**
     * Tells whether products that do not round their operands take weights of bfloat16, whose numbers they multiply as
     * they are.
     */
    default boolean widens() {
        return false;
    }

    /**
     * A new zero-filled storage of bfloat16, half as large, for weights that are only read. Its tensors may be the weight of
     * {@link #linear} and {@link #linearBackwardInput}, and the table of {@link #gatherRows}; no other operation takes them.
     *
     * @throws UnsupportedOperationException unless {@link #products} round to bfloat16 or it {@link #widens}
     */
    default Storage allocateRounded(long size) {
        throw new UnsupportedOperationException("Products are of " + products().key() + ".");
    }

    /** Keeps a matrix that is only read, in the memory that this backend computes in. */
    Packed pack(PackedMatrix matrix);

    /**
     * Overwrites {@code out [rows, packed.columns()]} with the numbers of so many rows.
     *
     * @param packed of this backend, or one of its kind
     * @param firstRow of them
     */
    void unpack(Packed packed, int firstRow, Tensor out);

    // --- elementwise and row movement -----------------------------------------------------------------------------

    void zero(Tensor out);

    void copy(Tensor x, Tensor out);

    /** {@code into += x}. */
    void add(Tensor x, Tensor into);

    /** {@code x *= factor}. */
    void scale(Tensor x, double factor);

    /** √Σx², over all elements. */
    double norm(Tensor x);

    /** Adds {@code row [1, columns]} to every row of {@code into}. */
    void addRow(Tensor row, Tensor into);

    /** {@code intoRow += Σ} rows of {@code dOut}: the gradient of {@link #addRow}. */
    void addRowBackward(Tensor dOut, Tensor intoRow);

    /**
     * {@code out = x·diag(row)}: every column times a number of {@code row [1, columns]}; {@code out} may be {@code x}
     * itself.
     */
    void scaleColumns(Tensor x, Tensor row, Tensor out);

    /** {@code intoRow [1, columns] += Σ} over rows of {@code x·y}, element by element. */
    void columnDots(Tensor x, Tensor y, Tensor intoRow);

    /** {@code out [1, rows] = 1/√Σx²} of each row of x. */
    void inverseRowNorms(Tensor x, Tensor out);

    /** {@code out[i] = table[rows[i]]}; {@code out} is {@code [rows.length, columns]}. */
    void gatherRows(Tensor table, int[] rows, Tensor out);

    /** {@code into[rows[i]] += x[i]}, also where a row repeats. */
    void scatterAddRows(Tensor x, int[] rows, Tensor into);

    /** {@code into[:, intoFrom + j] += x[:, xFrom + j]} for so many columns. */
    void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns);

    /**
     * Zeroes elements of {@code x} with probability {@code rate} and scales the others by {@code 1/(1 − rate)};
     * {@code out} may be {@code x} itself. Linear in {@code x}, so that it is its own gradient.
     *
     * @param keys one per row; which columns are kept is {@link Noise}'s, and the same for the same key
     */
    void dropout(Tensor x, double rate, long[] keys, Tensor out);

    /**
     * Overwrites {@code out} with numbers in row-major order, the way back of {@link Tensor#toArray}: meant for few of
     * them.
     */
    void set(double[] numbers, Tensor out);

    /**
     * {@code into[i] += Σ shares[p]·x[rows[p]]} over {@code p = i·n … i·n + n − 1}, where n is how often {@code into}'s
     * rows go into those of {@code x}.
     *
     * @param rows each row of {@code x} once
     */
    void mixRows(Tensor x, int[] rows, double[] shares, Tensor into);

    /**
     * Gradient of {@link #mixRows}: {@code dX[rows[p]] = shares[p]·dOut[p/n]} and
     * {@code dShares[p] = x[rows[p]]·dOut[p/n]}; overwrites {@code dX}, which may be {@code x} itself.
     */
    void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares);

    // --- linear ---------------------------------------------------------------------------------------------------

    /** {@code out = x·weightᵀ}, or {@code out += x·weightᵀ}; x {@code [t, in]}, weight {@code [out, in]}. */
    void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate);

    /** {@code out = dOut·weight}, or {@code out += dOut·weight}: the gradient with respect to the input. */
    void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate);

    /** {@code intoWeight += dOutᵀ·x}: the gradient with respect to the weight. */
    void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight);

    // --- normalization --------------------------------------------------------------------------------------------

    /**
     * RMSNorm (arXiv 1910.07467): {@code out = x·r·weight} with {@code r = 1/√(mean(x²) + epsilon)} of each row.
     *
     * @param inverseRms receives r, {@code [tokens, 1]}
     */
    void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms);

    /** Adds the gradients of {@link #rmsNorm} to {@code intoX} and {@code intoWeight}. */
    void rmsNormBackward(Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight);

    /**
     * LayerNorm (arXiv 1607.06450): {@code out = (x − mean)·r·weight + bias} with {@code r = 1/√(variance + epsilon)}
     * of each row.
     *
     * @param meanAndInverse receives mean and r, {@code [tokens, 2]}
     */
    void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse);

    /** Adds the gradients of {@link #layerNorm} to {@code intoX}, {@code intoWeight} and {@code intoBias}. */
    void layerNormBackward(
            Tensor x,
            Tensor weight,
            Tensor meanAndInverse,
            Tensor dOut,
            Tensor intoX,
            Tensor intoWeight,
            Tensor intoBias);

    /**
     * {@link #rmsNorm} of every query head with one weight {@code [1, headDim]} and of every key head with another; the
     * values are copied.
     *
     * @param fused queries, keys and values, {@code [tokens, shape.fusedColumns()]}, as is {@code out}
     * @param inverseRms receives r of each query head, then of each key head, {@code [tokens, heads + keyValueHeads]}
     */
    void headNorm(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            double epsilon,
            Tensor out,
            Tensor inverseRms);

    /** Gradient of {@link #headNorm}: adds to those of the weights, and turns {@code gradient} in place. */
    void headNormBackward(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            Tensor inverseRms,
            Tensor gradient,
            Tensor intoQueryWeight,
            Tensor intoKeyWeight);

    // --- attention ------------------------------------------------------------------------------------------------

    /**
     * Rotary position embedding (arXiv 2104.09864) in Hugging Face's half-split form, in place on the query and key
     * heads of {@code fused}: with a, b the first and second half of a head,
     * {@code a' = a·cos − b·sin, b' = b·cos + a·sin}.
     *
     * @param positions row of {@code cos} and {@code sin} for each row of {@code fused}
     * @param cos {@code [positions, rotated columns/2]}; where it has less than half of a head's columns, only the
     *     head's first columns are rotated
     * @param sin like {@code cos}
     * @param inverse rotate back: the backward pass
     */
    void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse);

    /**
     * Softmax attention over packed segments; a token-by-token score matrix need not be kept. Rows of no segment look
     * at nothing, but may be seen as a prefix.
     *
     * @param fused queries, keys and values, {@code [tokens, shape.fusedColumns()]}
     * @param out {@code [tokens, shape.queryColumns()]}; rows of no segment stay as they are, as in {@code logSumExp}
     * @param logSumExp receives the logarithm of each softmax's denominator, {@code [tokens, heads]}
     */
    void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp);

    /** Gradient of {@link #attention}: {@code out} and {@code logSumExp} as it left them; overwrites {@code dFused}. */
    void attentionBackward(
            Tensor fused,
            AttentionShape shape,
            List<Segment> segments,
            Tensor out,
            Tensor logSumExp,
            Tensor dOut,
            Tensor dFused);

    /**
     * Attention of new rows to what their sequences have computed before. Writes each segment's new keys and values
     * behind those in its cache, then lets every new row attend to all of these up to itself: the result of
     * {@link #attention} over the whole sequence, for its last rows.
     *
     * @param fused queries, keys and values of the new rows, {@code [tokens, shape.fusedColumns()]}
     * @param segments no two with one cache
     * @param out {@code [tokens, shape.queryColumns()]}; rows of no segment stay as they are, as in {@code logSumExp}
     * @param logSumExp receives the logarithm of each softmax's denominator, {@code [tokens, heads]}
     */
    void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp);

    /**
     * Adds to each softmax of {@link #attention} a score that is looked at and has no value, in place:
     * {@code out *= exp(logSumExp)/(exp(logSumExp) + exp(sink))}, whose denominator's logarithm {@code logSumExp}
     * becomes. With what this leaves, {@link #attentionBackward} is right as it is.
     *
     * @param sinks of each head, {@code [1, heads]}
     */
    void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp);

    /** Adds the gradient of the sinks: {@code −exp(sink − logSumExp)·(out·dOut)}, summed over rows. */
    void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks);

    // --- feed-forward ---------------------------------------------------------------------------------------------

    /**
     * {@code out = activation(gate)·up} with {@code gateUp = [gate | up]}, {@code [tokens, 2·f]} to
     * {@code [tokens, f]}.
     */
    void gatedActivation(Tensor gateUp, Activation activation, Tensor out);

    /** Gradient of {@link #gatedActivation}; overwrites {@code dGateUp}, which may be {@code gateUp} itself. */
    void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp);

    /**
     * {@code out = gate(gateUp)}, where even columns are gates and odd ones ups, {@code [tokens, 2·f]} to
     * {@code [tokens, f]}.
     */
    void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out);

    /** Gradient of {@link #clampedGate}; overwrites {@code dGateUp}, which may be {@code gateUp} itself. */
    void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp);

    /** {@code out = activation(x)}, of one shape. */
    void activation(Tensor x, Activation activation, Tensor out);

    /** Gradient of {@link #activation}; overwrites {@code dX}, which may be {@code x} itself. */
    void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX);

    // --- head -----------------------------------------------------------------------------------------------------

    /** Works in place: {@code x = cap·tanh(x/cap)}. */
    void softCap(Tensor x, double cap);

    /**
     * Works in place: {@code gradient *= 1 − (capped/cap)²}.
     *
     * @param capped what {@link #softCap} made
     */
    void softCapBackward(Tensor capped, double cap, Tensor gradient);

    /**
     * Log-probability of one target per row: {@code logps[from + i] = logits[i][targets[from + i]] − logSumExp[i]},
     * in a form that cannot overflow.
     *
     * @param logits {@code [t, vocabulary]}
     * @param logSumExp receives the log-sum-exp of each row, {@code [t, 1]}
     */
    void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp);

    /**
     * Works in place: {@code logits[i] = coefficients[from + i]·(onehot(targets[from + i]) − softmax(logits[i]))}, the
     * gradient of {@code Σ coefficient·logp}.
     */
    void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients);

    // --- optimizer ------------------------------------------------------------------------------------------------

    /**
     * AdamW with ε outside the bias correction, as PyTorch has it: updates both moments with {@code gradient}, then
     * subtracts {@code learningRate·(m̂/(√v̂ + ε) + decay·parameter)} from {@code parameters}. All tensors have one
     * shape; {@code gradient} holds nothing of use afterwards.
     */
    void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step);
}
