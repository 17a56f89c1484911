// The backward pass: by tiles of queries for their gradients, by tiles of keys for those of keys and values.
#include "flash.cuh"

/** Rounds dOut; delta receives out·dOut, of what was rounded. A warp for each of n pairs of row and head. */
extern "C" __global__ void __launch_bounds__(THREADS) flashDelta(const float* out, const float* dOut, bf16* dRounded,
                                                                 float* delta, u64 n) {
    u64 at = (u64) blockIdx.x * WARPS + threadIdx.x / 32;
    if (at >= n) return;
    float sum = 0;
    for (int c = threadIdx.x & 31; c < D; c += 32) {
        bf16 d = rounded(dOut[at * D + c]);
        dRounded[at * D + c] = d;
        sum += widened(d) * out[at * D + c];
    }
    sum = warpSum(sum);
    if ((threadIdx.x & 31) == 0) delta[at] = sum;
}

/**
 * Of q·k makes weights, and of their gradients those of q·k over the scale. The three functions say of a number its log-sum-exp
 * over ln 2, its delta, and by how many positions its query and key are apart.
 */
template <int RT, int CT, class LogSum, class Delta, class Apart>
__device__ __forceinline__ void differentiate(const Shape& shape, const Sight& sight, float (&products)[RT][CT][4],
                                              float (&gradients)[RT][CT][4], LogSum lse2, Delta delta, Apart apart) {
    score(shape, products);
    each<RT, CT>([&](int r, int c, int e) { gradients[r][c][e] -= delta(r, c, e); });
    if (shape.cap > 0) {
        float inverse = LN2 / shape.cap;
        each<RT, CT>([&](int r, int c, int e) {
            float part = products[r][c][e] * inverse;
            gradients[r][c][e] *= 1 - part * part;
        });
    }
    each<RT, CT>([&](int r, int c, int e) { products[r][c][e] = exp2Fast(products[r][c][e] - lse2(r, c, e)); });
    if (!sight.all) {
        each<RT, CT>([&](int r, int c, int e) {
            if (!shape.sees(apart(r, c, e))) products[r][c][e] = 0;
        });
    }
    each<RT, CT>([&](int r, int c, int e) { gradients[r][c][e] *= products[r][c][e]; });
}

extern "C" __global__ void __launch_bounds__(THREADS) flashQueries(const bf16* fused, const Queries* works,
                                                                   const float* logSumExp, const bf16* dOut,
                                                                   const float* deltas, float* dFused, Shape shape) {
    constexpr int RT = QUERIES_ROWS / 16 / WARPS, CT = QUERIES_KEYS / 8;
    DYNAMIC_SHARED(shared);
    bf16* q = (bf16*) shared;
    bf16* d = q + QUERIES_ROWS * D;
    bf16* v = d + QUERIES_ROWS * D;
    bf16* k = v + QUERIES_KEYS * D;
    bf16* next = k + QUERIES_KEYS * D;
    const Queries work = works[blockIdx.x / shape.heads];
    int head = blockIdx.x % shape.heads, warpRow = threadIdx.x / 32 * RT * 16;
    int keyColumn = shape.heads * D, valueColumn = keyColumn + shape.keyColumns;
    Heads heads{fused, work, shape, head};
    float sums[RT][D / 8][4], lse2[RT][2], delta[RT][2];
    zero(sums);
#pragma unroll
    for (int r = 0; r < RT; r++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = warpRow + r * 16 + tileRow(2 * half);
            u64 at = (u64) (work.row + row) * shape.heads + head;
            lse2[r][half] = row < work.rows ? logSumExp[at] * LOG2E : 0;
            delta[r][half] = row < work.rows ? deltas[at] : 0;
        }
    }
    int from = work.firstSeen(shape.window);
    heads.loadQueries<QUERIES_ROWS>(q);
    load<QUERIES_ROWS>(d, dOut, [&](int row) {
        return row < work.rows ? dOut + ((u64) (work.row + row) * shape.heads + head) * D : nullptr;
    });
    heads.loadKeys<QUERIES_KEYS>(k, keyColumn, from);
    for (; from < work.end(); from += QUERIES_KEYS) {
        int apart = work.position + warpRow - from;
        Sight sight(shape, apart - QUERIES_KEYS + 1, apart + RT * 16 - 1);
        bool busy = sight.any && warpRow < work.rows;
        float products[RT][CT][4], gradients[RT][CT][4];
        awaitCopies<0>();
        __syncthreads();  // keys are there; the tile before is done with
        heads.loadKeys<QUERIES_KEYS>(v, valueColumn, from);
        heads.loadKeys<QUERIES_KEYS>(next, keyColumn, from + QUERIES_KEYS);
        if (busy) multiply(products, q, warpRow, k);
        awaitCopies<1>();
        __syncthreads();  // values are there
        if (busy) {
            multiply(gradients, d, warpRow, v);
            differentiate(
                shape, sight, products, gradients, [&](int r, int c, int e) { return lse2[r][e / 2]; },
                [&](int r, int c, int e) { return delta[r][e / 2]; },
                [&](int r, int c, int e) { return apart + r * 16 + tileRow(e) - c * 8 - tileColumn(e); });
            accumulate(sums, gradients, k, 0);
        }
        bf16* done = k;
        k = next;
        next = done;
    }
    awaitCopies<0>();
#pragma unroll
    for (int r = 0; r < RT; r++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int row = warpRow + r * 16 + tileRow(e);
            if (row >= work.rows) continue;
            float* to = dFused + (u64) (work.row + row) * shape.stride + head * D + tileColumn(e);
#pragma unroll
            for (int c = 0; c < D / 8; c++) to[c * 8] = sums[r][c][e] * shape.scale;
        }
    }
}

/** Goes through all tiles of queries that see some of a tile of keys, for each head of the group. */
struct Cursor {
    const View* views;
    const Keys& work;
    const Shape& shape;
    int view, head, from, to, ahead;  // ahead: the query at the position of the first key

    __device__ __forceinline__ Cursor(const View* views, const Keys& work, const Shape& shape)
        : views(views), work(work), shape(shape), view(work.from), head(0) {
        open();
    }

    __device__ __forceinline__ bool valid() const { return view < work.to; }

    __device__ __forceinline__ void next() {
        from += KEYS_QUERIES;
        if (from < to) return;
        if (++head == shape.group) {
            head = 0;
            view++;
        }
        open();
    }

private:
    __device__ __forceinline__ void open() {
        for (; view < work.to; view++) {
            const View one = views[view];
            ahead = one.keyPosition + work.row - one.keyRow - one.position;
            from = max(0, ahead);
            to = shape.window > 0 ? min(one.length, ahead + work.rows - 1 + shape.window) : one.length;
            if (from < to) return;
        }
    }
};

/** Scores are transposed here: rows are keys. Each of KEYS_PARTS warps with the same keys has a part of their columns. */
extern "C" __global__ void __launch_bounds__(THREADS) flashKeys(const bf16* fused, const Keys* works, const View* views,
                                                                const float* logSumExp, const bf16* dOut,
                                                                const float* deltas, float* dFused, Shape shape) {
    constexpr int RT = KEYS_ROWS / 16 * KEYS_PARTS / WARPS, CT = KEYS_QUERIES / 8, WT = D / 8 / KEYS_PARTS;
    constexpr int STAGE = 2 * KEYS_QUERIES * (D + 2);  // queries, dOut, and a log-sum-exp and a delta of each
    DYNAMIC_SHARED(shared);
    bf16* k = (bf16*) shared;
    bf16* v = k + KEYS_ROWS * D;
    bf16* stage = v + KEYS_ROWS * D;
    bf16* next = stage + STAGE;
    int keyHeads = shape.heads / shape.group, keyHead = blockIdx.x % keyHeads;
    const Keys work = works[blockIdx.x / keyHeads];
    int warp = threadIdx.x / 32, warpRow = warp / KEYS_PARTS * RT * 16, firstChunk = warp % KEYS_PARTS * WT;
    int keyColumn = (shape.heads + keyHead) * D, valueColumn = keyColumn + shape.keyColumns;
    auto loadKeys = [&](bf16* tile, int column) {
        load<KEYS_ROWS>(tile, fused, [&](int row) {
            return row < work.rows ? fused + (u64) (work.row + row) * shape.stride + column : nullptr;
        });
    };
    auto loadQueries = [&](bf16* tile, const Cursor& cursor) {
        if (cursor.valid()) {
            u64 first = views[cursor.view].row + cursor.from;
            int head = keyHead * shape.group + cursor.head, rows = cursor.to - cursor.from;
            load<KEYS_QUERIES>(tile, fused, [&](int row) {
                return row < rows ? fused + (first + row) * shape.stride + head * D : nullptr;
            });
            load<KEYS_QUERIES>(tile + KEYS_QUERIES * D, dOut, [&](int row) {
                return row < rows ? dOut + ((first + row) * shape.heads + head) * D : nullptr;
            });
            float* lse = (float*) (tile + 2 * KEYS_QUERIES * D);
            for (int row = threadIdx.x; row < KEYS_QUERIES; row += THREADS) {
                u64 at = row < rows ? (first + row) * shape.heads + head : 0;
                copyAsync4(lse + row, logSumExp + at, row < rows);
                copyAsync4(lse + KEYS_QUERIES + row, deltas + at, row < rows);
            }
        }
        commitCopies();
    };
    float dKeys[RT][WT][4], dValues[RT][WT][4];
    zero(dKeys);
    zero(dValues);
    Cursor cursor(views, work, shape);
    loadKeys(k, keyColumn);
    loadKeys(v, valueColumn);
    loadQueries(stage, cursor);
    while (cursor.valid()) {
        int apart = cursor.from - cursor.ahead - warpRow;  // from the warp's first key to the first query
        cursor.next();
        awaitCopies<0>();
        __syncthreads();  // the tile is there; the one before is done with
        loadQueries(next, cursor);
        Sight sight(shape, apart - RT * 16 + 1, apart + KEYS_QUERIES - 1);
        if (sight.any && warpRow < work.rows) {
            const bf16 *q = stage, *d = stage + KEYS_QUERIES * D;
            const float *lse = (const float*) (stage + 2 * KEYS_QUERIES * D), *delta = lse + KEYS_QUERIES;
            float products[RT][CT][4], gradients[RT][CT][4];
            multiply(products, k, warpRow, q);
            multiply(gradients, v, warpRow, d);
            differentiate(
                shape, sight, products, gradients,
                [&](int r, int c, int e) { return lse[c * 8 + tileColumn(e)] * LOG2E; },
                [&](int r, int c, int e) { return delta[c * 8 + tileColumn(e)]; },
                [&](int r, int c, int e) { return apart + c * 8 + tileColumn(e) - r * 16 - tileRow(e); });
            accumulate(dValues, products, d, firstChunk);
            accumulate(dKeys, gradients, q, firstChunk);
        }
        bf16* done = stage;
        stage = next;
        next = done;
    }
    awaitCopies<0>();
#pragma unroll
    for (int r = 0; r < RT; r++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int row = warpRow + r * 16 + tileRow(e);
            if (row >= work.rows) continue;
            float* to = dFused + (u64) (work.row + row) * shape.stride + keyColumn + firstChunk * 8 + tileColumn(e);
#pragma unroll
            for (int w = 0; w < WT; w++) {
                to[w * 8] = dKeys[r][w][e] * shape.scale;
                to[shape.keyColumns + w * 8] = dValues[r][w][e];
            }
        }
    }
}
