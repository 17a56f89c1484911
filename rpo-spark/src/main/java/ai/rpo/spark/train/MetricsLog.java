package ai.rpo.spark.train;

import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/** {@code train/metrics.jsonl}: one line a step, always a whole file, going on where a resumed run left off. */
final class MetricsLog {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long NANOS_BETWEEN_WRITES = 2_000_000_000L;

    /**
     * Bounds writing: of the time that training takes, writing takes a hundredth at most, however long the file and
     * slow the store.
     */
    private static final long PAUSES = 100;

    private final SmallFile file;
    private final Fence fence;
    private final StringBuilder lines = new StringBuilder();
    private long lastWrite = System.nanoTime();
    private long pause = NANOS_BETWEEN_WRITES;

    /**
     * @param fence asked before each write
     * @param stepsToKeep lines of an earlier start of this run that stay
     */
    MetricsLog(SmallFile file, Fence fence, long stepsToKeep) {
        this.file = file;
        this.fence = fence;
        if (stepsToKeep > 0) {
            file.read().ifPresent(text -> text.lines().limit(stepsToKeep).forEach(l -> lines.append(l)
                    .append('\n')));
        }
    }

    void add(Map<String, Object> line) {
        try {
            lines.append(JSON.writeValueAsString(line)).append('\n');
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes what has come since the last time, unless that was a moment ago. */
    void writeSometimes() {
        if (System.nanoTime() - lastWrite > pause) {
            write();
        }
    }

    void write() {
        long began = System.nanoTime();
        fence.check();
        file.write(lines.toString());
        lastWrite = System.nanoTime();
        pause = Math.max(NANOS_BETWEEN_WRITES, PAUSES * (lastWrite - began));
    }
}
