#pragma once
// Softmax attention over packed segments on tensor cores, in FlashAttention-2's manner (Dao, 2023): tiles of queries and
// keys in bfloat16, float32 sums, the softmax put right as keys come along, no scores in memory. The including file says
// HEAD_DIM and the sizes of tiles.
//
// A warp computes RT·16 rows of a tile against all rows of another, so that what it loads of the latter serves RT products. Its
// scores stay in registers, where the result of one product has the layout of the next one's left operand.
//
// Of the backward pass there are two kernels, by tiles of queries and of keys, each of which makes the scores again: no sum
// has two writers, so results repeat bit for bit.
#include "device.cuh"
#include "tensorcore.cuh"

#define WARPS 4
#define THREADS (32 * WARPS)
#define LOG2E 1.4426950408889634f
#define LN2 0.6931471805599453f

constexpr int D = HEAD_DIM;
constexpr int CHUNKS = D / 8;  // of 16 bytes, in a row

struct Shape {
    int heads, group, headDim, stride, keyStride, keyColumns;  // strides of queries and of keys; columns from a key to its value
    float scale, cap;
    int window;

    /** Whether a query sees a key so many positions before it. */
    __device__ __forceinline__ bool sees(int apart) const { return apart >= 0 && (window == 0 || apart < window); }
};

/** A tile of query rows that follow each other, the position of the first, and the rows of the keys they see. */
struct Queries {
    int row, rows, position, prefixRow, prefixLength, ownRow;

    /** The position behind the last key that is seen. */
    __device__ __forceinline__ int end() const { return position + rows; }

    __device__ __forceinline__ int firstSeen(int window) const { return window > 0 ? max(0, position - window + 1) : 0; }

    __device__ __forceinline__ u64 keyRow(int position) const {
        return position < prefixLength ? prefixRow + position : ownRow + position - prefixLength;
    }
};

/** A tile of key rows that the same segments see. */
struct Keys {
    int row, rows, from, to;  // from, to: of views
};

/** Queries that see a run of key rows, as far as their positions allow. */
struct View {
    int keyRow, keyPosition, row, length, position;
};

/**
 * Where a chunk of a tile's row lies. Eight rows that an ldmatrix reads in one column of chunks have to lie in different banks,
 * 128 bytes being all banks once. Rows of 64, 128 or 256 numbers begin in the same bank, so the row's number is mixed into
 * three bits of the chunk's; rows of 96 begin in one of two halves in turn, so every second row's number into two bits.
 */
__device__ __forceinline__ int at(int row, int chunk) {
    int mixed = CHUNKS % 8 == 0 ? chunk ^ row & 7 : chunk ^ row >> 1 & 3;
    return (row * CHUNKS + mixed) * 8;
}

/** Begins to copy a tile; source(row) says where a row is, or null for zeros. */
template <int ROWS, class Source>
__device__ __forceinline__ void load(bf16* tile, const bf16* any, Source source) {
    for (int i = threadIdx.x; i < ROWS * CHUNKS; i += THREADS) {
        int row = i / CHUNKS, chunk = i % CHUNKS;
        const bf16* from = source(row);
        copyAsync16(tile + at(row, chunk), from ? from + chunk * 8 : any, from != nullptr);
    }
}

/** f(r, c, e) for each number of a warp's tile. */
template <int RT, int CT, class F>
__device__ __forceinline__ void each(F f) {
#pragma unroll
    for (int r = 0; r < RT; r++) {
#pragma unroll
        for (int c = 0; c < CT; c++) {
#pragma unroll
            for (int e = 0; e < 4; e++) f(r, c, e);
        }
    }
}

template <int RT, int CT>
__device__ __forceinline__ void zero(float (&sums)[RT][CT][4]) {
    each<RT, CT>([&](int r, int c, int e) { sums[r][c][e] = 0; });
}

/** sums = a·bᵀ, of RT·16 rows of tile a, from a row on, and CT·8 rows of tile b. */
template <int RT, int CT>
__device__ __forceinline__ void multiply(float (&sums)[RT][CT][4], const bf16* a, int row, const bf16* b) {
    int lane = threadIdx.x & 31;
    zero(sums);
#pragma unroll
    for (int i = 0; i < D / 16; i++) {
        unsigned left[RT][4];
#pragma unroll
        for (int r = 0; r < RT; r++) loadMatrices(left[r], a + at(row + r * 16 + (lane & 15), i * 2 + (lane >> 4)));
#pragma unroll
        for (int c = 0; c < CT; c += 2) {
            unsigned right[4];
            loadMatrices(right, b + at(c * 8 + (lane & 7) + (lane >> 4) * 8, i * 2 + (lane >> 3 & 1)));
#pragma unroll
            for (int r = 0; r < RT; r++) {
                multiplyAdd(sums[r][c], left[r], right[0], right[1]);
                multiplyAdd(sums[r][c + 1], left[r], right[2], right[3]);
            }
        }
    }
}

/** sums += x·b, of x rounded, and as many columns of tile b, from a chunk on. */
template <int RT, int CT, int WT>
__device__ __forceinline__ void accumulate(float (&sums)[RT][WT][4], const float (&x)[RT][CT][4], const bf16* b, int chunk) {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int c = 0; c < CT; c += 2) {
        unsigned left[RT][4];
#pragma unroll
        for (int r = 0; r < RT; r++) {
            left[r][0] = pair(x[r][c][0], x[r][c][1]);
            left[r][1] = pair(x[r][c][2], x[r][c][3]);
            left[r][2] = pair(x[r][c + 1][0], x[r][c + 1][1]);
            left[r][3] = pair(x[r][c + 1][2], x[r][c + 1][3]);
        }
#pragma unroll
        for (int w = 0; w < WT; w += 2) {
            unsigned right[4];
            loadTransposed(right, b + at(c * 8 + (lane & 15), chunk + w + (lane >> 4)));
#pragma unroll
            for (int r = 0; r < RT; r++) {
                multiplyAdd(sums[r][w], left[r], right[0], right[1]);
                multiplyAdd(sums[r][w + 1], left[r], right[2], right[3]);
            }
        }
    }
}

/** Row and column of a lane's number e of a product's tile [16, 8]. */
__device__ __forceinline__ int tileRow(int e) { return (threadIdx.x & 31) / 4 + e / 2 * 8; }

__device__ __forceinline__ int tileColumn(int e) { return (threadIdx.x & 3) * 2 + e % 2; }

/** To 1e-7, and not to so many digits where it is small: it goes into an exponential. */
__device__ __forceinline__ float tanhFast(float x) { return 1 - __fdividef(2, 1 + exp2Fast(2 * LOG2E * x)); }

/** Of q·k makes scores over ln 2, capped where there is a cap. */
template <int RT, int CT>
__device__ __forceinline__ void score(const Shape& shape, float (&x)[RT][CT][4]) {
    if (shape.cap > 0) {
        float in = shape.scale / shape.cap, out = shape.cap * LOG2E;
        each<RT, CT>([&](int r, int c, int e) { x[r][c][e] = out * tanhFast(in * x[r][c][e]); });
    } else {
        float factor = shape.scale * LOG2E;
        each<RT, CT>([&](int r, int c, int e) { x[r][c][e] *= factor; });
    }
}

/** The largest of, and the sum over, the four lanes that share a row. */
__device__ __forceinline__ float quadMax(float value) {
    value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, 1));
    return fmaxf(value, __shfl_xor_sync(ALL_LANES, value, 2));
}

__device__ __forceinline__ float quadSum(float value) {
    value += __shfl_xor_sync(ALL_LANES, value, 1);
    return value + __shfl_xor_sync(ALL_LANES, value, 2);
}

/** Which pairs of a tile of scores see each other, from how many positions queries and keys are apart at least and at most. */
struct Sight {
    bool any, all;

    __device__ __forceinline__ Sight(const Shape& shape, int least, int most) {
        any = most >= 0 && (shape.window == 0 || least < shape.window);
        all = least >= 0 && (shape.window == 0 || most < shape.window);
    }
};

/** One head's rows of a tile of queries, and of the keys and values they see. */
struct Heads {
    const bf16* fused;
    const Queries& work;
    const Shape& shape;
    int head;

    template <int ROWS>
    __device__ __forceinline__ void loadQueries(bf16* tile) const {
        load<ROWS>(tile, fused, [&](int row) {
            return row < work.rows ? fused + (u64) (work.row + row) * shape.stride + head * D : nullptr;
        });
    }

    /** column: of the first key head, or the first value head. */
    template <int ROWS>
    __device__ __forceinline__ void loadKeys(bf16* tile, int column, int from) const {
        const bf16* first = fused + column + head / shape.group * D;
        load<ROWS>(tile, fused, [&](int row) {
            return from + row < work.end() ? first + work.keyRow(from + row) * shape.stride : nullptr;
        });
        commitCopies();
    }
};
