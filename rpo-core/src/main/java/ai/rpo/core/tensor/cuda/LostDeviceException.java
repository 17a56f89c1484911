package ai.rpo.core.tensor.cuda;

import java.util.Set;

/**
 * Says that a device failed in a way after which this process cannot use it any more: what was computed there is gone, and
 * only a new process may find the device in order.
 */
public final class LostDeviceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /**
     * Says what the driver reports once and then at every call: a device taken away or fallen off its bus, memory or links that
     * cannot be corrected, kernels that were stopped.
     */
    private static final Set<Integer> ERRORS =
            Set.of(46, 101, 201, 214, 220, 226, 700, 702, 709, 710, 713, 714, 715, 716, 717, 718, 719, 721, 999);

    LostDeviceException(String message) {
        super(message);
    }

    /** Tells whether the driver's error is of this kind. */
    static boolean isMeantBy(int error) {
        return ERRORS.contains(error);
    }
}
