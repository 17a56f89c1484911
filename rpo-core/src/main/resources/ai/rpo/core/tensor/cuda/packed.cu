// Matrices in fewer bits, unpacked. Scales lie behind the sixteen levels of four bits; first is where out begins.
#include "device.cuh"

#define LEVELS 16

/** The element that comes first is in the upper half of a byte. */
extern "C" __global__ void nf4(const unsigned char* codes, const float* scales, int block, u64 first, float* out, u64 n) {
    FOR_EACH(i, n) {
        u64 at = first + i;
        int code = at & 1 ? codes[at >> 1] & 15 : codes[at >> 1] >> 4;
        out[i] = scales[code] * scales[LEVELS + at / block];
    }
}

extern "C" __global__ void int8(const signed char* codes, const float* scales, int block, u64 first, float* out, u64 n) {
    FOR_EACH(i, n) out[i] = codes[first + i] * scales[LEVELS + (first + i) / block];
}
