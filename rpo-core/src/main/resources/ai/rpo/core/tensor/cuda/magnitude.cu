// Norms of a matrix's rows, and columns of its products times a number each.
#include "device.cuh"

extern "C" __global__ void scaleColumns(const float* x, const float* row, float* out, int columns, u64 n) {
    FOR_EACH(i, n) out[i] = x[i] * row[i % columns];
}

/** A thread for each of n columns: neighbours read neighbours. */
extern "C" __global__ void columnDots(const float* x, const float* y, float* intoRow, int rows, u64 n) {
    FOR_EACH(j, n) {
        float sum = 0;
        for (u64 i = 0; i < rows; i++) sum += x[i * n + j] * y[i * n + j];
        intoRow[j] += sum;
    }
}

/** A block for each row. */
extern "C" __global__ void inverseRowNorms(const float* x, float* out, int columns) {
    __shared__ float part[32];
    const float* row = x + (u64) blockIdx.x * columns;
    float sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) sum += row[j] * row[j];
    sum = blockSum(sum, part);
    if (threadIdx.x == 0) out[blockIdx.x] = 1 / sqrtf(sum);
}
