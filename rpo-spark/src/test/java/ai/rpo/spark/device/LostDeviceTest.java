package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.tensor.cuda.LostDeviceException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LostDeviceTest {

    private final List<Integer> exits = new ArrayList<>();

    @Test
    void endsTheExecutorThatHadIt() throws ReflectiveOperationException {
        LostDevice.failed(new IllegalStateException(lost()), "3", exits::add);
        assertEquals(List.of(69), exits);
    }

    /** Under local[…] the exit is the command's, with its own code and message. */
    @Test
    void leavesTheDriverAlone() throws ReflectiveOperationException {
        LostDevice.failed(lost(), "driver", exits::add);
        assertEquals(List.of(), exits);
    }

    @Test
    void leavesAnExecutorAloneThatFailsOtherwise() {
        LostDevice.failed(new IllegalStateException("no row"), "3", exits::add);
        assertEquals(List.of(), exits);
    }

    private static LostDeviceException lost() throws ReflectiveOperationException {
        var constructor = LostDeviceException.class.getDeclaredConstructor(String.class);
        constructor.setAccessible(true);
        return constructor.newInstance("Cannot work on it.");
    }
}
