package ai.rpo.core.loss;

import java.util.ArrayList;
import java.util.List;

/** Splits an optimizer batch into what is computed at once. */
final class MicroBatches {

    private MicroBatches() {}

    /** Neighbouring examples until their rows exceed the limit; an example above it stands alone. */
    static List<List<TrainingExample>> split(List<TrainingExample> batch, int rows) {
        List<List<TrainingExample>> parts = new ArrayList<>();
        List<TrainingExample> part = new ArrayList<>();
        int used = 0;
        for (TrainingExample example : batch) {
            int size = example.example().packedRows();
            if (!part.isEmpty() && used + size > rows) {
                parts.add(part);
                part = new ArrayList<>();
                used = 0;
            }
            part.add(example);
            used += size;
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }
}
