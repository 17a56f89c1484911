package ai.rpo.spark.train;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.TrainState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Optional;

/** Parameters, moments and outer velocity of a training in this JVM, read and overwritten a chunk at a time. */
final class NetworkState {

    /** Numbers copied at once, few enough to stay in a core's cache between two copies. */
    private static final int WINDOW = 1 << 15;

    private final TrainState training;
    private final Optional<Storage> velocity;
    private final ChunkLayout layout;
    private boolean whole = true;

    /** @param velocity of the outer optimizer, if it has one and this is the driver */
    NetworkState(TrainState training, Optional<Storage> velocity) {
        this.training = training;
        this.velocity = velocity;
        layout = new ChunkLayout(
                training.parameters().size(),
                training.moments().map(Storage::size).orElse(0L),
                velocity.map(Storage::size).orElse(0L));
    }

    Storage parameters() {
        return training.parameters();
    }

    Optional<Storage> moments() {
        return training.moments();
    }

    Optional<Storage> velocity() {
        return velocity;
    }

    /** Sets how many optimizer steps lie behind. */
    void setStep(long step) {
        training.setStep(step);
    }

    ChunkLayout layout() {
        return layout;
    }

    /** A copy of one chunk, as the bytes of little-endian float32. */
    ByteBuffer read(int chunk) {
        int length = layout.length(chunk);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(length, Float.BYTES));
        FloatBuffer numbers = floats(bytes);
        float[] window = new float[Math.min(WINDOW, length)];
        for (int done = 0; done < length; done += WINDOW) {
            int count = Math.min(WINDOW, length - done);
            storage(chunk).read(layout.offset(chunk) + done, window, 0, count);
            numbers.put(window, 0, count);
        }
        return bytes;
    }

    /**
     * Takes over all chunks. If one cannot be read any more, the state is not {@linkplain #isWhole whole} from then on.
     */
    void overwrite(PlacedChunks blocks) {
        change();
        for (int chunk = 0; chunk < layout.count(); chunk++) {
            int which = chunk;
            blocks.read(which, bytes -> write(which, bytes));
        }
        changed();
    }

    /** Says that somebody begins to change it in place. */
    void change() {
        whole = false;
    }

    /** Says that who {@linkplain #change changed} it has ended well, and will not touch it any more. */
    void changed() {
        whole = true;
    }

    /** Tells whether all chunks are of one and the same step. */
    boolean isWhole() {
        return whole;
    }

    void write(int chunk, ByteBuffer bytes) {
        int length = layout.length(chunk);
        FloatBuffer numbers = floats(bytes);
        float[] window = new float[Math.min(WINDOW, length)];
        for (int done = 0; done < length; done += WINDOW) {
            int count = Math.min(WINDOW, length - done);
            numbers.get(window, 0, count);
            storage(chunk).write(layout.offset(chunk) + done, window, 0, count);
        }
    }

    /** The numbers of a chunk's bytes, which the result shares. */
    static FloatBuffer floats(ByteBuffer bytes) {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    private Storage storage(int chunk) {
        if (layout.isParameters(chunk)) {
            return training.parameters();
        }
        return (layout.isVelocity(chunk) ? velocity : training.moments()).orElseThrow();
    }
}
