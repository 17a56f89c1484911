package ai.rpo.core.tensor.cuda;

/** Says why a CUDA device cannot be used, or what failed on it. */
public final class DeviceException extends RuntimeException {

    private static final long serialVersionUID = 1;

    DeviceException(String message) {
        super(message);
    }
}
