package ai.rpo.spark.device;

import ai.rpo.core.RpoException;

/** ND4J's CUDA backend, which is on the class path of a build with {@code -Pcuda} alone. */
final class CudaBackend {

    private static final String ENVIRONMENT = "org.nd4j.jita.conf.CudaEnvironment";

    private CudaBackend() {}

    /**
     * Restricts the backend to one device. Its configuration is read when ND4J starts, so this must come before.
     *
     * @throws RpoException if this build has no CUDA backend
     */
    static void useDevice(int device) {
        try {
            Object environment =
                    Class.forName(ENVIRONMENT).getMethod("getInstance").invoke(null);
            Object configuration =
                    environment.getClass().getMethod("getConfiguration").invoke(environment);
            configuration.getClass().getMethod("useDevice", Integer.class).invoke(configuration, device);
        } catch (ClassNotFoundException e) {
            throw RpoException.configuration("Cannot compute on GPU " + device
                    + ": this build has no CUDA backend. Build with ./mvnw package -Pcuda, or ask Spark for no GPUs.");
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("ND4J's CUDA backend has changed", e);
        }
    }
}
