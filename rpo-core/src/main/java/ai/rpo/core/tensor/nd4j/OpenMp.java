package ai.rpo.core.tensor.nd4j;

import org.nd4j.nativeblas.NativeOpsHolder;

/** The OpenMP library that ND4J loads, and oneDNN with it. */
public final class OpenMp {

    private OpenMp() {}

    /** Sets how many threads parallel regions that begin on the calling thread use from now on. */
    public static void useThreads(int threads) {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    }
}
