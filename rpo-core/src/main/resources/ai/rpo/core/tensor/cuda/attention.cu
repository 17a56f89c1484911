// Rotary embedding, and softmax attention over packed segments and caches. A warp serves one row of one head: its lanes
// take 32 keys (or queries) at a time for the scores, then the head's columns for the weighted sums. Nothing is added to
// by two warps, so results repeat bit for bit.
#include "device.cuh"

#define WARPS 4  // in a block

extern "C" __global__ void rotary(float* fused, int stride, int heads, int headDim, int half, const int* positions,
                                  const float* cosines, const float* sines, float sign, u64 n) {
    FOR_EACH(i, n) {
        int j = i % half;
        u64 row = i / half / heads;
        float* x = fused + row * stride + i / half % heads * headDim + j;
        u64 angle = (u64) positions[row] * half + j;
        float c = cosines[angle], s = sign * sines[angle], a = x[0], b = x[half];
        x[0] = a * c - b * s;
        x[half] = b * c + a * s;
    }
}

struct Shape {
    int heads, group, headDim, stride, keyStride, keyColumns;  // strides of queries and of keys; columns from a key to its value
    float scale, cap;
    int window;
};

/** Some query rows that follow each other, the position of the first, and where the keys of positions lie. */
struct Queries {
    const float *prefix, *own;  // keys of position 0 and of position prefixLength
    int row, rows, position, prefixLength;

    __device__ __forceinline__ const float* key(int position, int keyStride) const {
        return position < prefixLength ? prefix + (u64) position * keyStride : own + (u64) (position - prefixLength) * keyStride;
    }
};

/** Key rows that the same segments see. */
struct Keys {
    int row, rows, from, to;  // from, to: of views
};

/** Queries that see a run of key rows, as far as their positions allow. */
struct View {
    int keyRow, keyPosition, row, length, position;
};

__device__ __forceinline__ float dot(const float* x, const float* y, int n) {
    float sum = 0;
    for (int c = 0; c < n; c++) sum += x[c] * y[c];
    return sum;
}

__device__ __forceinline__ float capped(const Shape& shape, float score) {
    score *= shape.scale;
    return shape.cap > 0 ? shape.cap * tanhf(score / shape.cap) : score;
}

/** Derivative of the score by q·k, from the capped score. */
__device__ __forceinline__ float slope(const Shape& shape, float score) {
    float part = shape.cap > 0 ? score / shape.cap : 0;
    return (1 - part * part) * shape.scale;
}

__device__ __forceinline__ int firstSeen(const Shape& shape, int position) {
    return shape.window > 0 ? max(0, position - shape.window + 1) : 0;
}

extern "C" __global__ void __launch_bounds__(128) attention(const float* fused, const Queries* works, float* out,
                                                            float* logSumExp, Shape shape) {
    DYNAMIC_SHARED(shared);
    const Queries work = works[blockIdx.x];
    int head = blockIdx.y, warp = threadIdx.x >> 5, lane = threadIdx.x & 31, headDim = shape.headDim;
    if (warp >= work.rows) return;
    float* q = (float*) shared + warp * (2 * headDim + 32);
    float* sum = q + headDim;
    float* p = sum + headDim;
    u64 row = work.row + warp;
    int position = work.position + warp, column = head / shape.group * headDim;
    for (int c = lane; c < headDim; c += 32) {
        q[c] = fused[row * shape.stride + head * headDim + c];
        sum[c] = 0;
    }
    __syncwarp();
    float top = MINUS_INFINITY, total = 0;
    for (int from = firstSeen(shape, position); from <= position; from += 32) {
        bool seen = from + lane <= position;
        float score = MINUS_INFINITY;
        if (seen) score = capped(shape, dot(q, work.key(from + lane, shape.keyStride) + column, headDim));
        float larger = fmaxf(top, warpMax(score));
        float kept = expf(top - larger);
        top = larger;
        p[lane] = seen ? expf(score - top) : 0;
        total = total * kept + warpSum(p[lane]);
        __syncwarp();
        int count = min(32, position - from + 1);
        for (int c = lane; c < headDim; c += 32) {
            float value = sum[c] * kept;
            for (int j = 0; j < count; j++) value += p[j] * work.key(from + j, shape.keyStride)[shape.keyColumns + column + c];
            sum[c] = value;
        }
        __syncwarp();
    }
    for (int c = lane; c < headDim; c += 32) out[row * shape.heads * headDim + head * headDim + c] = sum[c] / total;
    if (lane == 0) logSumExp[row * shape.heads + head] = top + logf(total);
}

/** Gradient of the queries; delta receives out·dOut of each row and head. */
extern "C" __global__ void __launch_bounds__(128) attentionQueries(const float* fused, const Queries* works, const float* out,
                                                                   const float* logSumExp, const float* dOut, float* delta,
                                                                   float* dFused, Shape shape) {
    DYNAMIC_SHARED(shared);
    const Queries work = works[blockIdx.x];
    int head = blockIdx.y, warp = threadIdx.x >> 5, lane = threadIdx.x & 31, headDim = shape.headDim;
    if (warp >= work.rows) return;
    float* q = (float*) shared + warp * (3 * headDim + 32);
    float* d = q + headDim;
    float* dq = d + headDim;
    float* dScores = dq + headDim;
    u64 row = work.row + warp, outRow = row * shape.heads * headDim + head * headDim;
    int position = work.position + warp, column = head / shape.group * headDim;
    float along = 0;
    for (int c = lane; c < headDim; c += 32) {
        q[c] = fused[row * shape.stride + head * headDim + c];
        d[c] = dOut[outRow + c];
        dq[c] = 0;
        along += d[c] * out[outRow + c];
    }
    along = warpSum(along);
    if (lane == 0) delta[row * shape.heads + head] = along;
    float lse = logSumExp[row * shape.heads + head];
    __syncwarp();
    for (int from = firstSeen(shape, position); from <= position; from += 32) {
        float dScore = 0;
        if (from + lane <= position) {
            const float* key = work.key(from + lane, shape.keyStride) + column;
            float score = capped(shape, dot(q, key, headDim));
            dScore = expf(score - lse) * (dot(d, key + shape.keyColumns, headDim) - along) * slope(shape, score);
        }
        dScores[lane] = dScore;
        __syncwarp();
        int count = min(32, position - from + 1);
        for (int c = lane; c < headDim; c += 32) {
            float value = dq[c];
            for (int j = 0; j < count; j++) value += dScores[j] * work.key(from + j, shape.keyStride)[column + c];
            dq[c] = value;
        }
        __syncwarp();
    }
    for (int c = lane; c < headDim; c += 32) dFused[row * shape.stride + head * headDim + c] = dq[c];
}

/** Gradients of keys and values: a warp for each row of them, over all queries that see it. */
extern "C" __global__ void __launch_bounds__(128) attentionKeys(const float* fused, const Keys* works, const View* views,
                                                                const float* logSumExp, const float* dOut, const float* delta,
                                                                float* dFused, Shape shape) {
    DYNAMIC_SHARED(shared);
    const Keys work = works[blockIdx.x];
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, headDim = shape.headDim;
    if (warp >= work.rows) return;
    float* k = (float*) shared + warp * (4 * headDim + 64);
    float* v = k + headDim;
    float* dk = v + headDim;
    float* dv = dk + headDim;
    float* dScores = dv + headDim;
    float* p = dScores + 32;
    int row = work.row + warp, outStride = shape.heads * headDim;
    u64 key = (u64) row * shape.stride + outStride + blockIdx.y * headDim;
    for (int c = lane; c < headDim; c += 32) {
        k[c] = fused[key + c];
        v[c] = fused[key + shape.keyColumns + c];
        dk[c] = 0;
        dv[c] = 0;
    }
    __syncwarp();
    for (int i = work.from; i < work.to; i++) {
        const View view = views[i];
        int ahead = view.keyPosition + row - view.keyRow - view.position;  // first query whose position is the key's
        int to = shape.window > 0 ? min(view.length, ahead + shape.window) : view.length;
        for (int h = 0; h < shape.group; h++) {
            int head = blockIdx.y * shape.group + h;
            for (int from = max(0, ahead); from < to; from += 32) {
                dScores[lane] = 0;
                p[lane] = 0;
                if (from + lane < to) {
                    u64 query = view.row + from + lane;
                    float score = capped(shape, dot(fused + query * shape.stride + head * headDim, k, headDim));
                    float weight = expf(score - logSumExp[query * shape.heads + head]);
                    float dWeight = dot(dOut + query * outStride + head * headDim, v, headDim);
                    p[lane] = weight;
                    dScores[lane] = weight * (dWeight - delta[query * shape.heads + head]) * slope(shape, score);
                }
                __syncwarp();
                int count = min(32, to - from);
                for (int c = lane; c < headDim; c += 32) {
                    float dKey = dk[c], dValue = dv[c];
                    for (int j = 0; j < count; j++) {
                        u64 query = view.row + from + j;
                        dKey += dScores[j] * fused[query * shape.stride + head * headDim + c];
                        dValue += p[j] * dOut[query * outStride + head * headDim + c];
                    }
                    dk[c] = dKey;
                    dv[c] = dValue;
                }
                __syncwarp();
            }
        }
    }
    for (int c = lane; c < headDim; c += 32) {
        dFused[key + c] = dk[c];
        dFused[key + shape.keyColumns + c] = dv[c];
    }
}

/** Writes new keys and values into a cache: rows from first on of fused, to the cache's rows from cached on. */
extern "C" __global__ void fillCache(const float* fused, int first, int stride, int queryColumns, float* cache, int cached,
                                     int columns, u64 n) {
    FOR_EACH(i, n) {
        u64 row = i / columns, column = i % columns;
        cache[(cached + row) * columns + column] = fused[(first + row) * stride + queryColumns + column];
    }
}

/** out: as attention left it; logSumExp is still without the sink. */
extern "C" __global__ void sinkShares(const float* sinks, int heads, int headDim, float* out, const float* logSumExp, u64 n) {
    FOR_EACH(i, n) {
        u64 softmax = i / headDim;
        out[i] /= 1 + expf(sinks[softmax % heads] - logSumExp[softmax]);
    }
}

extern "C" __global__ void sinkSums(const float* sinks, int heads, float* logSumExp, u64 n) {
    FOR_EACH(i, n) {
        float above = sinks[i % heads] - logSumExp[i];
        logSumExp[i] += fmaxf(above, 0) + log1pf(expf(-fabsf(above)));
    }
}

/** A block for each head. */
extern "C" __global__ void sinksBackward(const float* sinks, int heads, int headDim, const float* out, const float* logSumExp,
                                         const float* dOut, float* intoSinks, int rows) {
    __shared__ float part[32];
    int head = blockIdx.x;
    float sum = 0;
    for (u64 i = threadIdx.x; i < (u64) rows * headDim; i += blockDim.x) {
        u64 softmax = i / headDim * heads + head, at = softmax * headDim + i % headDim;
        sum += expf(sinks[head] - logSumExp[softmax]) * out[at] * dOut[at];
    }
    sum = blockSum(sum, part);
    if (threadIdx.x == 0) intoSinks[head] -= sum;
}
