package ai.rpo.core.decoder;

import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;

/** Cosines and sines of every position seen so far. */
final class RotaryTable {

    private static final int SMALLEST = 64;

    private final Backend backend;
    private final RotaryFrequencies frequencies;
    private volatile Table table;

    /**
     * @param rows row of the tables for each row of the batch
     * @param cos {@code [positions, rotated columns/2]}
     */
    record Angles(int[] rows, Tensor cos, Tensor sin) {}

    /**
     * Holds angles: where they depend on the sequence's length, those of long sequences follow those of short ones.
     *
     * @param outgrown kept, since another thread may be computing with it and hold nothing but its address; all of them
     *     together are smaller than this one
     */
    private record Table(int positions, Tensor cos, Tensor sin, Table outgrown) {}

    RotaryTable(Backend backend, RotaryFrequencies frequencies) {
        this.backend = backend;
        this.frequencies = frequencies;
    }

    /** False where positions are learned. */
    boolean turnsAnything() {
        return frequencies.inverse().length > 0;
    }

    Angles of(TokenRows batch) {
        Table current = table;
        if (current == null || current.positions < batch.longestSequence()) {
            current = grow(batch.longestSequence());
        }
        return new Angles(rows(batch, current.positions), current.cos, current.sin);
    }

    private int[] rows(TokenRows batch, int positions) {
        if (!frequencies.dependOnLength()) {
            return batch.positions();
        }
        int[] rows = batch.positions().clone();
        for (int i = 0; i < rows.length; i++) {
            rows[i] += batch.sequenceLengths()[i] > frequencies.longBeyond() ? positions : 0;
        }
        return rows;
    }

    private synchronized Table grow(int needed) {
        if (table == null || table.positions < needed) {
            int positions = Math.max(SMALLEST, Integer.highestOneBit(Math.max(1, needed - 1)) * 2);
            table = new Table(positions, tabulate(positions, true), tabulate(positions, false), table);
        }
        return table;
    }

    private Tensor tabulate(int positions, boolean cosine) {
        int columns = frequencies.inverse().length;
        int tables = frequencies.dependOnLength() ? 2 : 1;
        Storage storage = backend.allocate((long) tables * positions * columns);
        for (int t = 0; t < tables; t++) {
            double[] inverse = t == 0 ? frequencies.inverse() : frequencies.longInverse();
            float[] values = new float[positions * columns];
            for (int position = 0; position < positions; position++) {
                for (int i = 0; i < columns; i++) {
                    double angle = position * inverse[i];
                    values[position * columns + i] =
                            (float) ((cosine ? Math.cos(angle) : Math.sin(angle)) * frequencies.attentionFactor());
                }
            }
            storage.write((long) t * values.length, values, 0, values.length);
        }
        return storage.tensor(0, tables * positions, columns);
    }
}
