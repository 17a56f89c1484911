package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.cuda.CudaProvider;
import ai.rpo.core.tensor.cuda.DeviceException;

/** Makes this JVM compute on one GPU: through ND4J's CUDA backend where the build has it, else through kernels of our own. */
final class CudaDevice {

    private static final String ENVIRONMENT = "org.nd4j.jita.conf.CudaEnvironment";

    private CudaDevice() {}

    /**
     * Restricts the backend to one device. ND4J's configuration is read when it starts, so this must come before.
     *
     * @throws RpoException if nothing here can compute on it
     */
    static void use(int device) {
        try {
            Object environment =
                    Class.forName(ENVIRONMENT).getMethod("getInstance").invoke(null);
            Object configuration =
                    environment.getClass().getMethod("getConfiguration").invoke(environment);
            configuration.getClass().getMethod("useDevice", Integer.class).invoke(configuration, device);
        } catch (ClassNotFoundException e) {
            useOurs(device);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("ND4J's CUDA backend has changed", e);
        }
    }

    private static void useOurs(int device) {
        try {
            CudaProvider.useDevice(device);
        } catch (DeviceException e) {
            throw RpoException.configuration("Cannot compute on GPU " + device + ": " + e.getMessage()
                    + ". Install what is missing (docs/gpu.md), build with ./mvnw package -Pcuda for a GPU of compute"
                    + " capability 7.0 to 7.5, or ask Spark for no GPUs.");
        }
    }
}
