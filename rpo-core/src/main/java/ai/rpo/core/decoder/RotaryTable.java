package ai.rpo.core.decoder;

import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;

/** Cosines and sines of every position seen so far, each {@code [positions, headDim/2]}. */
final class RotaryTable {

    private final Backend backend;
    private final RotaryFrequencies frequencies;
    private volatile Angles angles;

    record Angles(Tensor cos, Tensor sin) {}

    RotaryTable(Backend backend, RotaryFrequencies frequencies) {
        this.backend = backend;
        this.frequencies = frequencies;
    }

    /** A table that covers positions 0 to {@code positions} − 1. */
    Angles upTo(int positions) {
        Angles current = angles;
        return current != null && current.cos().rows() >= positions ? current : grow(positions);
    }

    private synchronized Angles grow(int positions) {
        if (angles == null || angles.cos().rows() < positions) {
            int rows = Math.max(64, Integer.highestOneBit(Math.max(1, positions - 1)) * 2);
            angles = new Angles(table(rows, true), table(rows, false));
        }
        return angles;
    }

    private Tensor table(int rows, boolean cosine) {
        double[] inverse = frequencies.inverse();
        float[] values = new float[rows * inverse.length];
        for (int position = 0; position < rows; position++) {
            for (int i = 0; i < inverse.length; i++) {
                double angle = position * inverse[i];
                values[position * inverse.length + i] =
                        (float) ((cosine ? Math.cos(angle) : Math.sin(angle)) * frequencies.attentionFactor());
            }
        }
        Storage storage = backend.allocate(values.length);
        storage.write(0, values, 0, values.length);
        return storage.tensor(0, rows, inverse.length);
    }
}
