package ai.rpo.core.tensor.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The libraries of NVIDIA's that a device needs, as they were found on this machine. */
record Libraries(Driver driver, int driverVersion, Nvrtc nvrtc, CublasLt cublasLt) {

    static final int OLDEST = 12;
    static final int NEWEST = 13;

    /**
     * Says where to look: file names, or whole paths.
     *
     * @param nvrtc without the major version of CUDA that such names end with, as is {@code cublasLt}
     */
    record Names(String driver, String nvrtc, String cublasLt) {

        static final Names USUAL = new Names("libcuda.so.1", "libnvrtc.so.", "libcublasLt.so.");
    }

    /** @throws DeviceException if one is missing, or the driver is too old, or it finds no device */
    static Libraries load(Names names) {
        Driver driver = load(Driver.class, List.of(names.driver));
        int started = driver.cuInit(0);
        if (started != 0) {
            throw new DeviceException("the driver finds no device to use (" + Device.errorName(driver, started) + ")");
        }
        int[] version = new int[1];
        driver.cuDriverGetVersion(version);
        int major = version[0] / 1000;
        if (major < OLDEST) {
            throw new DeviceException("the driver is of CUDA " + cudaVersion(version[0]) + ", and " + OLDEST
                    + ".0 or newer is needed (Linux driver 525)");
        }
        return new Libraries(
                driver,
                version[0],
                load(Nvrtc.class, versions(names.nvrtc, major)),
                load(CublasLt.class, versions(names.cublasLt, major)));
    }

    static String cudaVersion(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    /** Newest first; none that is newer than the driver. */
    private static List<String> versions(String name, int driverMajor) {
        if (!name.endsWith(".so.")) {
            return List.of(name);
        }
        return IntStream.iterate(Math.min(driverMajor, NEWEST), major -> major >= OLDEST, major -> major - 1)
                .mapToObj(major -> name + major)
                .collect(Collectors.toList());
    }

    private static <T extends Library> T load(Class<T> type, List<String> names) {
        for (String name : names) {
            try {
                return Native.load(name, type);
            } catch (LinkageError e) {
                // the next one, then; where JNA itself cannot be used, none
            }
        }
        throw new DeviceException(String.join(" or ", names) + " is not on this machine");
    }
}
