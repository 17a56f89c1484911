// What the kernels share. No header of the CUDA toolkit is used: NVRTC comes without them.
typedef unsigned short bf16;
typedef unsigned long long u64;

#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#endif

#define ALL_LANES 0xffffffffu
#define MINUS_INFINITY __uint_as_float(0xff800000u)

/** For each i below n, over all threads of the grid. */
#define FOR_EACH(i, n) \
    for (u64 i = (u64) blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (u64) gridDim.x * blockDim.x)

template <class T>
__device__ __forceinline__ T warpSum(T value) {
    for (int apart = 16; apart > 0; apart >>= 1) value += __shfl_xor_sync(ALL_LANES, value, apart);
    return value;
}

__device__ __forceinline__ float warpMax(float value) {
    for (int apart = 16; apart > 0; apart >>= 1) value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, apart));
    return value;
}

/** Sum over the block's threads, for all of them; part has room for one number of each warp. */
template <class T>
__device__ __forceinline__ T blockSum(T value, T* part) {
    int lane = threadIdx.x & 31;
    value = warpSum(value);
    __syncthreads();  // until others have read what a sum before this one left
    if (lane == 0) part[threadIdx.x >> 5] = value;
    __syncthreads();
    return warpSum(lane < (int) (blockDim.x >> 5) ? part[lane] : T(0));
}

__device__ __forceinline__ float blockMax(float value, float* part) {
    int lane = threadIdx.x & 31;
    value = warpMax(value);
    __syncthreads();
    if (lane == 0) part[threadIdx.x >> 5] = value;
    __syncthreads();
    return warpMax(lane < (int) (blockDim.x >> 5) ? part[lane] : MINUS_INFINITY);
}

__device__ __forceinline__ float widened(bf16 value) { return __uint_as_float((unsigned) value << 16); }

/** To the nearest, ties to even. */
__device__ __forceinline__ bf16 rounded(float value) {
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0;
    return (bf16) (bits + 0x7fffu + (bits >> 16 & 1) >> 16);
}
