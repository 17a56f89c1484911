package ai.rpo.core.tensor;

/**
 * Says how the columns of a fused query-key-value tensor {@code [tokens, (heads + 2·keyValueHeads)·headDim]} divide
 * into heads: all query heads, then all key heads, then all value heads. Query head {@code h} attends with key-value
 * head {@code h / (heads / keyValueHeads)}.
 *
 * @param scale factor of q·k, usually 1/√headDim
 * @param scoreCap c of {@code c·tanh(score/c)} before the softmax; 0 for none
 * @param window positions that a token sees, itself included; 0 for all before it
 */
public record AttentionShape(int heads, int keyValueHeads, int headDim, double scale, double scoreCap, int window) {

    public AttentionShape {
        if (heads < 1 || keyValueHeads < 1 || headDim < 1 || heads % keyValueHeads != 0) {
            throw new IllegalArgumentException("Cannot divide " + heads + " query heads of " + headDim
                    + " columns over " + keyValueHeads + " key-value heads.");
        }
    }

    /** Every token sees all before it, and scores are not capped. */
    public AttentionShape(int heads, int keyValueHeads, int headDim, double scale) {
        this(heads, keyValueHeads, headDim, scale, 0, 0);
    }

    /** The first position that a token at {@code position} sees. */
    public int firstSeen(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1);
    }

    /** Columns of the query part, and of the attention output. */
    public int queryColumns() {
        return heads * headDim;
    }

    /** Columns of the key part, and of the value part. */
    public int keyColumns() {
        return keyValueHeads * headDim;
    }

    /** Columns of the fused tensor. */
    public int fusedColumns() {
        return queryColumns() + 2 * keyColumns();
    }

    /** Query heads that share one key-value head. */
    public int group() {
        return heads / keyValueHeads;
    }
}
