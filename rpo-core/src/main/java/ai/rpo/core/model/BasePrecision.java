package ai.rpo.core.model;

import ai.rpo.core.tensor.Packing;
import java.util.Locale;
import java.util.Optional;

/** Says in how many bits the weights under an adapter are kept, which are only read. */
public enum BasePrecision {
    /** Keeps them as the model's files have them where those are quantised, else in float32. */
    AS_STORED(null),
    /** Matrices in four bits with a scale for every 64 numbers (QLoRA, arXiv 2305.14314). */
    NF4(Packing.NF4),
    /** Matrices in bytes with a scale for each row. */
    INT8(Packing.INT8),
    /** Matrices in bfloat16. */
    BFLOAT16(Packing.BFLOAT16),
    /** Float32, whatever the files have. */
    FLOAT32(null);

    private final Packing packing;

    BasePrecision(Packing packing) {
        this.packing = packing;
    }

    /** Gives the one that keeps weights so. */
    static BasePrecision of(Packing packing) {
        return valueOf(packing.name());
    }

    Optional<Packing> packing() {
        return Optional.ofNullable(packing);
    }

    /** Gives the name as it is written in configuration. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
