package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.List;

/**
 * Keys and values of one key-value head, {@code [rows, headDim]} each without gaps, and what the backward pass adds up of
 * their gradients. Where they lie, between the other heads, their rows are kilobytes apart and put each other out of the
 * cache, so that products with them take up to twice as long.
 *
 * <p>The rows are all between the first and the last that some segments touch, and then {@link #PADDING} of zeros, so that
 * a product may have some more columns than there are keys.
 */
final class PackedKeys {

    static final int PADDING = 16;

    private static final int KEYS = 2; // slots of the lane
    private static final int VALUES = 3;
    private static final int KEY_GRADIENTS = 4;
    private static final int VALUE_GRADIENTS = 5;

    private final Lane lane;
    private final int width;
    private final int stride;
    private final int firstRow;
    private final int rows;
    private final long column;
    private final long valuesAfterKeys;
    private long keys;
    private long values;
    private long dKeys;
    private long dValues;

    /** @param segments that do not overlap with others; at least one */
    PackedKeys(Lane lane, AttentionShape shape, List<Segment> segments, int keyValueHead) {
        this.lane = lane;
        width = shape.headDim();
        stride = shape.fusedColumns();
        firstRow = segments.stream().mapToInt(SegmentGroups::firstRow).min().orElseThrow();
        rows = segments.stream().mapToInt(SegmentGroups::endRow).max().orElseThrow() - firstRow;
        column = Float.BYTES * (shape.queryColumns() + (long) keyValueHead * width);
        valuesAfterKeys = (long) Float.BYTES * shape.keyColumns();
    }

    /** Reads them from {@code fused [tokens, fusedColumns]}. */
    void read(long fused) {
        keys = memory(KEYS);
        values = memory(VALUES);
        for (int i = 0; i < rows; i++) {
            long from = column + OffHeap.row(fused, firstRow + i, stride);
            OffHeap.copy(from, OffHeap.row(keys, i, width), width);
            OffHeap.copy(from + valuesAfterKeys, OffHeap.row(values, i, width), width);
        }
        OffHeap.zero(OffHeap.row(keys, rows, width), (long) PADDING * width);
        OffHeap.zero(OffHeap.row(values, rows, width), (long) PADDING * width);
    }

    /** Makes room for gradients, of zeros. */
    void clearGradients() {
        dKeys = memory(KEY_GRADIENTS);
        dValues = memory(VALUE_GRADIENTS);
        OffHeap.zero(dKeys, (long) (rows + PADDING) * width);
        OffHeap.zero(dValues, (long) (rows + PADDING) * width);
    }

    /** Overwrites the key and value columns of {@code dFused [tokens, fusedColumns]} in the rows between first and last. */
    void writeGradients(long dFused) {
        for (int i = 0; i < rows; i++) {
            long to = column + OffHeap.row(dFused, firstRow + i, stride);
            OffHeap.copy(OffHeap.row(dKeys, i, width), to, width);
            OffHeap.copy(OffHeap.row(dValues, i, width), to + valuesAfterKeys, width);
        }
    }

    /** Addresses of a row of the batch. */
    long key(int row) {
        return OffHeap.row(keys, row - firstRow, width);
    }

    long value(int row) {
        return OffHeap.row(values, row - firstRow, width);
    }

    long dKey(int row) {
        return OffHeap.row(dKeys, row - firstRow, width);
    }

    long dValue(int row) {
        return OffHeap.row(dValues, row - firstRow, width);
    }

    private long memory(int slot) {
        return lane.aligned(slot, (long) (rows + PADDING) * width);
    }
}
