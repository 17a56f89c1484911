package ai.rpo.core.tensor.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Transfers;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Copies on a stream of their own. The emulation does them as late as the waits let it, and ruins what did not wait for the
 * work before it, so each wait that is left out shows.
 */
class StreamTransfersTest {

    private static final int PIECE = 8;
    private static final int PIECES = 5;

    @BeforeEach
    void emulation() {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
    }

    @Test
    void piecesArriveAsTheyAreOnceTheWorkBeforeIsDone() {
        assertArrayEquals(expected(1), toAndFro(EmulatedDevice.backend(false), false));
        assertArrayEquals(expected(1), toAndFro(EmulatedDevice.backend(true), true));
    }

    /** @param which of copies for the work before, of the work behind for copies, of the host for copies */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aWaitLeftOutWouldBeSeen(int which) {
        Assumptions.assumeFalse(EmulatedDevice.isReal());
        Backend backend = EmulatedDevice.backend(false);
        EmulatedDevice.settings().emuSet("leftOut", which);
        try {
            assertFalse(Arrays.equals(expected(1), toAndFro(backend, false)));
        } finally {
            EmulatedDevice.settings().emuSet("leftOut", 0);
        }
    }

    @Test
    void noMoreIsUnderWayThanThereIsRoomFor() {
        Backend backend = EmulatedDevice.backend(false);
        long before = EmulatedDevice.isReal() ? 0 : EmulatedDevice.settings().emuUsed();
        Storage storage = backend.allocate(PIECE);
        try (Transfers transfers = backend.transfers(PIECE)) {
            assertThrows(IllegalStateException.class, () -> transfers.finishRead(new float[PIECE]));
            assertThrows(IllegalArgumentException.class, () -> transfers.startRead(storage, 0, PIECE + 1));
            transfers.startRead(storage, 0, PIECE);
            transfers.startRead(storage, 0, 1);
            assertThrows(IllegalStateException.class, () -> transfers.startRead(storage, 0, 1));
        }
        storage.free();
        if (!EmulatedDevice.isReal()) {
            assertEquals(before, EmulatedDevice.settings().emuUsed());
        }
    }

    /** Writes pieces one after the other from one array, doubles all on the device, and reads with one piece ahead. */
    private static float[] toAndFro(Backend backend, boolean rounded) {
        int size = PIECE * PIECES;
        Storage storage = rounded ? backend.allocateRounded(size) : backend.allocate(size);
        Storage wide = backend.allocate(size);
        float[] result = new float[size];
        try (Transfers transfers = backend.transfers(PIECE)) {
            float[] piece = new float[PIECE];
            for (int from = 0; from < size; from += PIECE) {
                for (int i = 0; i < PIECE; i++) {
                    piece[i] = from + i + 0.5f;
                }
                transfers.write(storage, from, piece, PIECE);
                Arrays.fill(piece, Float.NaN);
            }
            int[] rows = {0};
            backend.gatherRows(storage.tensor(0, 1, size), rows, wide.tensor(0, 1, size));
            backend.scale(wide.tensor(0, 1, size), 2);
            transfers.startRead(wide, 0, PIECE);
            for (int from = 0; from < size; from += PIECE) {
                if (from + PIECE < size) {
                    transfers.startRead(wide, from + PIECE, PIECE);
                }
                transfers.finishRead(piece);
                System.arraycopy(piece, 0, result, from, PIECE);
            }
        }
        return result;
    }

    private static float[] expected(double first) {
        float[] expected = new float[PIECE * PIECES];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) (first + 2 * i);
        }
        return expected;
    }
}
