package ai.rpo.core.tensor.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;

/**
 * Declares what is called of the CUDA driver's API, by NVIDIA's names; a function gives 0, or the number of an error.
 */
interface Driver extends Library {

    int OUT_OF_MEMORY = 2;
    int DEVICE_UNAVAILABLE = 46;
    int ATTRIBUTE_MULTIPROCESSORS = 16;
    int ATTRIBUTE_CAPABILITY_MAJOR = 75;
    int ATTRIBUTE_CAPABILITY_MINOR = 76;
    int ATTRIBUTE_MEMORY_POOLS = 115;
    int POOL_RELEASE_THRESHOLD = 4;
    int STREAM_NON_BLOCKING = 1; // does not wait for the default stream by itself
    int EVENT_DISABLE_TIMING = 2;

    int cuInit(int flags);

    int cuDriverGetVersion(int[] version);

    int cuDeviceGetCount(int[] count);

    int cuDeviceGet(int[] device, int ordinal);

    int cuDeviceGetName(byte[] name, int length, int device);

    int cuDeviceGetPCIBusId(byte[] id, int length, int device);

    int cuDeviceGetAttribute(int[] value, int attribute, int device);

    int cuDevicePrimaryCtxRetain(long[] context, int device);

    int cuCtxSetCurrent(long context);

    int cuDeviceGetDefaultMemPool(long[] pool, int device);

    int cuMemPoolSetAttribute(long pool, int attribute, long[] value);

    int cuMemGetInfo_v2(long[] free, long[] total);

    int cuMemAlloc_v2(long[] address, long bytes);

    int cuMemFree_v2(long address);

    int cuMemAllocAsync(long[] address, long bytes, long stream);

    int cuMemFreeAsync(long address, long stream);

    int cuMemHostAlloc(Pointer[] memory, long bytes, int flags);

    int cuMemFreeHost(Pointer memory);

    int cuMemcpyHtoDAsync_v2(long to, Pointer from, long bytes, long stream);

    int cuMemcpyDtoHAsync_v2(Pointer to, long from, long bytes, long stream);

    int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream);

    int cuMemsetD32Async(long to, int value, long count, long stream);

    int cuStreamSynchronize(long stream);

    int cuStreamCreate(long[] stream, int flags);

    int cuStreamDestroy_v2(long stream);

    int cuStreamWaitEvent(long stream, long event, int flags);

    int cuEventCreate(long[] event, int flags);

    int cuEventDestroy_v2(long event);

    int cuEventRecord(long event, long stream);

    int cuEventSynchronize(long event);

    int cuModuleLoadData(long[] module, byte[] image);

    int cuModuleGetFunction(long[] function, long module, String name);

    int cuLaunchKernel(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            Pointer values,
            Pointer extra);

    int cuGetErrorName(int error, String[] name);

    int cuGetErrorString(int error, String[] text);
}
