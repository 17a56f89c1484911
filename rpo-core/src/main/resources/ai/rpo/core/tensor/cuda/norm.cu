// RMSNorm and LayerNorm, a block for each row, and sums over rows. A row may be one head's columns of a token:
// (first, width, heads, stride) say where in a token's columns heads begin, how wide they are, how many, and how far
// apart tokens lie.
#include "device.cuh"

struct Rows {
    int first, width, heads, stride;

    __device__ __forceinline__ u64 at(u64 row) const { return row / heads * stride + first + row % heads * width; }
};

/** inverse: of each token so many, of which ours begin at inverseFirst. */
extern "C" __global__ void rmsNorm(const float* x, const float* weight, float epsilon, float* out, float* inverse,
                                   int inverseFirst, int inverseStride, Rows rows) {
    __shared__ float part[32];
    u64 start = rows.at(blockIdx.x);
    float sum = 0;
    for (int j = threadIdx.x; j < rows.width; j += blockDim.x) sum += x[start + j] * x[start + j];
    sum = blockSum(sum, part);
    float r = 1 / sqrtf(sum / rows.width + epsilon);
    for (int j = threadIdx.x; j < rows.width; j += blockDim.x) out[start + j] = x[start + j] * r * weight[j];
    if (threadIdx.x == 0) inverse[blockIdx.x / rows.heads * inverseStride + inverseFirst + blockIdx.x % rows.heads] = r;
}

/** into may be dOut where it is not added to. */
extern "C" __global__ void rmsNormBackward(const float* x, const float* weight, const float* inverse, int inverseFirst,
                                           int inverseStride, const float* dOut, float* into, int accumulate, Rows rows) {
    __shared__ float part[32];
    u64 start = rows.at(blockIdx.x);
    float r = inverse[blockIdx.x / rows.heads * inverseStride + inverseFirst + blockIdx.x % rows.heads];
    float sum = 0;
    for (int j = threadIdx.x; j < rows.width; j += blockDim.x) sum += dOut[start + j] * weight[j] * x[start + j];
    float along = blockSum(sum, part) / rows.width * r * r * r;
    for (int j = threadIdx.x; j < rows.width; j += blockDim.x) {
        float value = r * dOut[start + j] * weight[j] - along * x[start + j];
        into[start + j] = accumulate ? into[start + j] + value : value;
    }
}

/** Of each run of rows, the sum that belongs to the weight's gradient: parts[run][column]. */
extern "C" __global__ void rmsNormWeights(const float* x, const float* inverse, int inverseFirst, int inverseStride,
                                          const float* dOut, float* parts, int run, int count, Rows rows) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= rows.width) return;
    int to = min(count, (int) (blockIdx.y + 1) * run);
    float sum = 0;
    for (int i = blockIdx.y * run; i < to; i++) {
        u64 at = rows.at(i) + column;
        sum += dOut[at] * x[at] * inverse[i / rows.heads * inverseStride + inverseFirst + i % rows.heads];
    }
    parts[(u64) blockIdx.y * rows.width + column] = sum;
}

extern "C" __global__ void layerNorm(const float* x, const float* weight, const float* bias, float epsilon, float* out,
                                     float* meanAndInverse, int columns) {
    __shared__ float part[32];
    u64 start = (u64) blockIdx.x * columns;
    float sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) sum += x[start + j];
    float mean = blockSum(sum, part) / columns;
    sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) sum += (x[start + j] - mean) * (x[start + j] - mean);
    float r = 1 / sqrtf(blockSum(sum, part) / columns + epsilon);
    for (int j = threadIdx.x; j < columns; j += blockDim.x) out[start + j] = (x[start + j] - mean) * r * weight[j] + bias[j];
    if (threadIdx.x == 0) {
        meanAndInverse[2 * (u64) blockIdx.x] = mean;
        meanAndInverse[2 * (u64) blockIdx.x + 1] = r;
    }
}

extern "C" __global__ void layerNormBackward(const float* x, const float* weight, const float* meanAndInverse,
                                             const float* dOut, float* into, int columns) {
    __shared__ float part[32];
    u64 start = (u64) blockIdx.x * columns;
    float mean = meanAndInverse[2 * (u64) blockIdx.x], r = meanAndInverse[2 * (u64) blockIdx.x + 1];
    float sum = 0, product = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) {
        float d = dOut[start + j] * weight[j];
        sum += d;
        product += d * (x[start + j] - mean) * r;
    }
    float average = blockSum(sum, part) / columns;
    float along = blockSum(product, part) / columns;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) {
        into[start + j] += r * (dOut[start + j] * weight[j] - average - (x[start + j] - mean) * r * along);
    }
}

extern "C" __global__ void layerNormWeights(const float* x, const float* meanAndInverse, const float* dOut, float* parts,
                                            int run, int count, int columns) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= columns) return;
    int to = min(count, (int) (blockIdx.y + 1) * run);
    float sum = 0;
    for (int i = blockIdx.y * run; i < to; i++) {
        u64 at = (u64) i * columns + column;
        sum += dOut[at] * (x[at] - meanAndInverse[2 * (u64) i]) * meanAndInverse[2 * (u64) i + 1];
    }
    parts[(u64) blockIdx.y * columns + column] = sum;
}

extern "C" __global__ void columnSums(const float* x, float* parts, int run, int count, int columns) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= columns) return;
    int to = min(count, (int) (blockIdx.y + 1) * run);
    float sum = 0;
    for (int i = blockIdx.y * run; i < to; i++) sum += x[(u64) i * columns + column];
    parts[(u64) blockIdx.y * columns + column] = sum;
}

extern "C" __global__ void addParts(const float* parts, float* into, int count, int columns) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= columns) return;
    float sum = 0;
    for (int i = 0; i < count; i++) sum += parts[(u64) i * columns + column];
    into[column] += sum;
}
