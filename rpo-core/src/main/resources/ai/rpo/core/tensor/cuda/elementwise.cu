// Elementwise operations and movement of rows.
#include "device.cuh"

extern "C" __global__ void add(const float* x, float* into, u64 n) {
    FOR_EACH(i, n) into[i] += x[i];
}

extern "C" __global__ void scale(float* x, float factor, u64 n) {
    FOR_EACH(i, n) x[i] *= factor;
}

/** Of each block a part of the sum of squares, in double: squares of float32 can overflow it. */
extern "C" __global__ void squares(const float* x, u64 n, double* parts) {
    __shared__ double part[32];
    double sum = 0;
    FOR_EACH(i, n) sum += (double) x[i] * x[i];
    sum = blockSum(sum, part);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

extern "C" __global__ void addRow(const float* row, float* into, int columns, u64 n) {
    FOR_EACH(i, n) into[i] += row[i % columns];
}

extern "C" __global__ void gatherRows(const float* table, const int* rows, float* out, int columns, u64 n) {
    FOR_EACH(i, n) out[i] = table[(u64) rows[i / columns] * columns + i % columns];
}

extern "C" __global__ void gatherRounded(const bf16* table, const int* rows, float* out, int columns, u64 n) {
    FOR_EACH(i, n) out[i] = widened(table[(u64) rows[i / columns] * columns + i % columns]);
}

/** targets: of each row that something is added to, its number, and where in sources its rows of x begin and end. */
extern "C" __global__ void scatterAddRows(const float* x, const int* targets, const int* sources, float* into, int columns,
                                          u64 n) {
    FOR_EACH(i, n) {
        const int* target = targets + 3 * (i / columns);
        int column = i % columns;
        float* sum = into + (u64) target[0] * columns + column;
        float value = *sum;
        for (int s = target[1]; s < target[2]; s++) value += x[(u64) sources[s] * columns + column];
        *sum = value;
    }
}

extern "C" __global__ void addColumns(const float* x, int xFrom, int xColumns, float* into, int intoFrom, int intoColumns,
                                      int columns, u64 n) {
    FOR_EACH(i, n) into[i / columns * intoColumns + intoFrom + i % columns] += x[i / columns * xColumns + xFrom + i % columns];
}

extern "C" __global__ void mixRows(const float* x, const int* rows, const float* shares, int parts, float* into, int columns,
                                   u64 n) {
    FOR_EACH(i, n) {
        u64 first = i / columns * parts;
        float sum = into[i];
        for (u64 p = first; p < first + parts; p++) sum += shares[p] * x[(u64) rows[p] * columns + i % columns];
        into[i] = sum;
    }
}

/** A block for each row of x, which dX may be. */
extern "C" __global__ void mixRowsBackward(const float* x, const int* rows, const float* shares, int parts, const float* dOut,
                                           float* dX, double* dShares, int columns) {
    __shared__ float part[32];
    u64 row = (u64) rows[blockIdx.x] * columns;
    const float* d = dOut + (u64) (blockIdx.x / parts) * columns;
    float share = shares[blockIdx.x], sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) {
        sum += x[row + j] * d[j];
        dX[row + j] = share * d[j];
    }
    sum = blockSum(sum, part);
    if (threadIdx.x == 0) dShares[blockIdx.x] = sum;
}

/** The columns from first on, of two matrices of one shape. */
extern "C" __global__ void copyColumns(const float* x, float* out, int first, int columns, int stride, u64 n) {
    FOR_EACH(i, n) {
        u64 at = i / columns * stride + first + i % columns;
        out[at] = x[at];
    }
}

/** SplitMix64; an element is dropped where its 53 random bits are below a threshold. */
extern "C" __global__ void dropout(const float* x, const u64* keys, u64 threshold, float factor, float* out, int columns,
                                   u64 n) {
    FOR_EACH(i, n) {
        u64 z = keys[i / columns] + (i % columns + 1) * 0x9e3779b97f4a7c15ull;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        z ^= z >> 31;
        out[i] = z >> 11 < threshold ? 0.0f : x[i] * factor;
    }
}

extern "C" __global__ void softCap(float* x, float cap, u64 n) {
    FOR_EACH(i, n) x[i] = cap * tanhf(x[i] / cap);
}

extern "C" __global__ void softCapBackward(const float* capped, float cap, float* gradient, u64 n) {
    FOR_EACH(i, n) {
        float part = capped[i] / cap;
        gradient[i] *= 1 - part * part;
    }
}

extern "C" __global__ void roundToBfloat16(const float* x, bf16* out, u64 n) {
    FOR_EACH(i, n) out[i] = rounded(x[i]);
}

extern "C" __global__ void widenBfloat16(const bf16* x, float* out, u64 n) {
    FOR_EACH(i, n) out[i] = widened(x[i]);
}

/** rate: over the first correction; correction: one over the root of the second; decay: times the learning rate. */
extern "C" __global__ void adam(float* parameters, const float* gradient, float* first, float* second, float beta1,
                                float rest1, float beta2, float rest2, float rate, float correction, float epsilon,
                                float decay, u64 n) {
    FOR_EACH(i, n) {
        float g = gradient[i];
        float m = beta1 * first[i] + rest1 * g;
        float v = beta2 * second[i] + rest2 * g * g;
        first[i] = m;
        second[i] = v;
        parameters[i] -= rate * m / (sqrtf(v) * correction + epsilon) + decay * parameters[i];
    }
}
