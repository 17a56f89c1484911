package ai.rpo.core.tensor;

/**
 * How the columns of a fused query-key-value tensor {@code [tokens, (heads + 2·keyValueHeads)·headDim]} divide into
 * heads: all query heads, then all key heads, then all value heads. Query head {@code h} attends with key-value head
 * {@code h / (heads / keyValueHeads)}.
 *
 * @param scale factor of q·k before the softmax, usually 1/√headDim
 */
public record AttentionShape(int heads, int keyValueHeads, int headDim, double scale) {

    public AttentionShape {
        if (heads < 1 || keyValueHeads < 1 || headDim < 1 || heads % keyValueHeads != 0) {
            throw new IllegalArgumentException("Cannot divide " + heads + " query heads of " + headDim
                    + " columns over " + keyValueHeads + " key-value heads.");
        }
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
