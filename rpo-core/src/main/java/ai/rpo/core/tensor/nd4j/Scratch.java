package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.AttentionShape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Holds what one thread's operations need in passing, kept from call to call so that nothing is allocated once warm.
 */
final class Scratch {

    private static final int MASKS = 16;
    private static final float HIDDEN = -1e30f;

    private Nd4jStorage storage = Nd4jStorage.allocate(1 << 16);
    private long used;
    private final Map<Mask, INDArray> masks = new LinkedHashMap<>(MASKS, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Mask, INDArray> eldest) {
            return size() > MASKS;
        }
    };

    private record Mask(int rows, int prefix, int window) {}

    /** Forgets all tensors handed out before; there must then be room for {@code elements}. */
    void clear(long elements) {
        used = 0;
        if (storage.size() < elements) {
            storage = Nd4jStorage.allocate(elements);
        }
    }

    /** Uninitialised. */
    Nd4jTensor tensor(int rows, int columns) {
        Nd4jTensor tensor = (Nd4jTensor) storage.tensor(used, rows, columns);
        used += tensor.size();
        return tensor;
    }

    /**
     * Gives what to add to the scores {@code [rows, prefix + rows]} of a segment so that nothing sees its future, nor
     * what its window leaves behind.
     */
    INDArray mask(int rows, int prefix, AttentionShape shape) {
        return masks.computeIfAbsent(new Mask(rows, prefix, shape.window()), key -> {
            int columns = prefix + rows;
            float[] values = new float[rows * columns];
            for (int i = 0; i < rows; i++) {
                Arrays.fill(values, i * columns, i * columns + shape.firstSeen(prefix + i), HIDDEN);
                Arrays.fill(values, i * columns + prefix + i + 1, (i + 1) * columns, HIDDEN);
            }
            INDArray mask = Nd4j.createUninitializedDetached(DataType.FLOAT, 1, rows, columns);
            return mask.assign(Nd4j.createFromArray(values).reshape(1, rows, columns));
        });
    }
}
