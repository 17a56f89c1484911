// Log-probabilities of targets under rows of logits, a block for each row.
#include "device.cuh"

extern "C" __global__ void targetLogps(const float* logits, const int* targets, double* logps, float* logSumExp,
                                       int columns) {
    __shared__ float part[32];
    const float* row = logits + (u64) blockIdx.x * columns;
    float top = MINUS_INFINITY;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) top = fmaxf(top, row[j]);
    top = blockMax(top, part);
    float sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) sum += expf(row[j] - top);
    sum = blockSum(sum, part);
    if (threadIdx.x == 0) {
        double logSum = log((double) sum);
        logps[blockIdx.x] = (double) row[targets[blockIdx.x]] - top - logSum;
        logSumExp[blockIdx.x] = (float) (top + logSum);
    }
}

extern "C" __global__ void targetLogpsBackward(float* logits, const float* logSumExp, const int* targets,
                                               const float* coefficients, int columns, u64 n) {
    FOR_EACH(i, n) {
        u64 row = i / columns;
        float onehot = (int) (i % columns) == targets[row] ? 1 : 0;
        logits[i] = coefficients[row] * (onehot - expf(logits[i] - logSumExp[row]));
    }
}
