package ai.rpo.core.model;

import ai.rpo.core.RpoException;

/**
 * Says how a trained model is written.
 *
 * @param maxFileBytes weight files end before they exceed this, except that a weight is never divided
 */
public record ExportForm(Kind kind, Dtype dtype, long maxFileBytes) {

    /** Says what is in the folder. */
    public enum Kind {
        /** A model that stands alone; an adapter's updates are added to the weights. */
        FULL,
        /** The adapter alone, in PEFT's layout. */
        ADAPTER
    }

    /** A model that stands alone. */
    public static ExportForm full(Dtype dtype) {
        return new ExportForm(Kind.FULL, dtype, ModelExport.DEFAULT_SHARD_BYTES);
    }

    void requireFull() {
        if (kind == Kind.ADAPTER) {
            throw RpoException.configuration("Cannot export an adapter: the run trained all weights."
                    + " Set rpo.export.form = full, or train an adapter with rpo.lora.rank.");
        }
    }
}
