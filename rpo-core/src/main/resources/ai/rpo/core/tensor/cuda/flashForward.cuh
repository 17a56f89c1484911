// The forward pass: a block for each head of each tile of queries.
#include "flash.cuh"

/** The softmax of rows whose scores come a tile at a time: the largest one so far, over ln 2, and the sum that belongs to it. */
template <int RT>
struct Softmax {
    float top[RT][2], total[RT][2];

    __device__ __forceinline__ Softmax() {
#pragma unroll
        for (int r = 0; r < RT; r++) {
            top[r][0] = top[r][1] = MINUS_INFINITY;
            total[r][0] = total[r][1] = 0;
        }
    }

    /** Makes weights of scores, and puts right what was summed before. */
    template <int CT, int WT>
    __device__ __forceinline__ void add(float (&scores)[RT][CT][4], float (&sums)[RT][WT][4]) {
#pragma unroll
        for (int r = 0; r < RT; r++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float larger = top[r][half];
#pragma unroll
                for (int c = 0; c < CT; c++) {
                    larger = fmaxf(larger, fmaxf(scores[r][c][2 * half], scores[r][c][2 * half + 1]));
                }
                larger = quadMax(larger);
                float base = larger == MINUS_INFINITY ? 0 : larger;  // of a row that has seen nothing yet
                float kept = exp2Fast(top[r][half] - base), sum = 0;
                top[r][half] = larger;
#pragma unroll
                for (int c = 0; c < CT; c++) {
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; e++) {
                        scores[r][c][e] = exp2Fast(scores[r][c][e] - base);
                        sum += scores[r][c][e];
                    }
                }
                total[r][half] = total[r][half] * kept + sum;
#pragma unroll
                for (int w = 0; w < WT; w++) {
                    sums[r][w][2 * half] *= kept;
                    sums[r][w][2 * half + 1] *= kept;
                }
            }
        }
    }
};

/** Keys are copied while the tile before is weighed, values while scores are computed. */
extern "C" __global__ void __launch_bounds__(THREADS) flash(const bf16* fused, const Queries* works, float* out,
                                                            float* logSumExp, Shape shape) {
    constexpr int RT = FORWARD_ROWS / 16 / WARPS, CT = FORWARD_KEYS / 8;
    DYNAMIC_SHARED(shared);
    bf16* q = (bf16*) shared;
    bf16* k = q + FORWARD_ROWS * D;
    bf16* v = k + FORWARD_KEYS * D;
    const Queries work = works[blockIdx.x / shape.heads];
    int head = blockIdx.x % shape.heads, warpRow = threadIdx.x / 32 * RT * 16;
    int keyColumn = shape.heads * D, valueColumn = keyColumn + shape.keyColumns;
    Heads heads{fused, work, shape, head};
    float sums[RT][D / 8][4];
    zero(sums);
    Softmax<RT> softmax;
    int from = work.firstSeen(shape.window);
    heads.loadQueries<FORWARD_ROWS>(q);
    heads.loadKeys<FORWARD_KEYS>(k, keyColumn, from);
    for (; from < work.end(); from += FORWARD_KEYS) {
        int apart = work.position + warpRow - from;
        Sight sight(shape, apart - FORWARD_KEYS + 1, apart + RT * 16 - 1);
        bool busy = sight.any && warpRow < work.rows;
        float scores[RT][CT][4];
        awaitCopies<0>();
        __syncthreads();  // keys are there; values of the tile before are done with
        heads.loadKeys<FORWARD_KEYS>(v, valueColumn, from);
        if (busy) multiply(scores, q, warpRow, k);
        awaitCopies<0>();
        __syncthreads();  // values are there; keys are done with
        heads.loadKeys<FORWARD_KEYS>(k, keyColumn, from + FORWARD_KEYS);
        if (!busy) continue;
        score(shape, scores);
        if (!sight.all) {
            each<RT, CT>([&](int r, int c, int e) {
                bool seen = shape.sees(apart + r * 16 + tileRow(e) - c * 8 - tileColumn(e));
                if (!seen) scores[r][c][e] = MINUS_INFINITY;
            });
        }
        softmax.add(scores, sums);
        accumulate(sums, scores, v, 0);
    }
    awaitCopies<0>();
#pragma unroll
    for (int r = 0; r < RT; r++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float total = quadSum(softmax.total[r][half]), inverse = 1 / total;
            int row = warpRow + r * 16 + tileRow(2 * half);
            if (row >= work.rows) continue;
            u64 at = (u64) (work.row + row) * shape.heads + head;
            if ((threadIdx.x & 3) == 0) logSumExp[at] = softmax.top[r][half] * LN2 + logf(total);
#pragma unroll
            for (int c = 0; c < D / 8; c++) {
#pragma unroll
                for (int e = 0; e < 2; e++) out[at * D + c * 8 + tileColumn(e)] = sums[r][c][2 * half + e] * inverse;
            }
        }
    }
}
