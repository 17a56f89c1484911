// Tensor cores, and copies to shared memory that go on beside the computation: one instruction each, as inline PTX.
#pragma once
#ifndef EMULATED

/** sums [16, 8] += a [16, 16]·b [16, 8], over the fragments that the lanes of a warp hold; a by rows, b by columns. */
__device__ __forceinline__ void multiplyAdd(float (&sums)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ unsigned sharedAddress(const void* at) { return (unsigned) __cvta_generic_to_shared(at); }

/** Four matrices [8, 8]; lane l says where row l % 8 of matrix l / 8 is, and is given two numbers of each. */
__device__ __forceinline__ void loadMatrices(unsigned (&out)[4], const bf16* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

__device__ __forceinline__ void loadTransposed(unsigned (&out)[4], const bf16* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])
                 : "r"(sharedAddress(row))
                 : "memory");
}

/** Copies 16 bytes, or makes them zero, until a wait for the group that they belong to. */
__device__ __forceinline__ void copyAsync16(void* shared, const void* global, bool wanted) {
    int bytes = wanted ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(shared)), "l"(global), "r"(bytes)
                 : "memory");
}

__device__ __forceinline__ void copyAsync4(void* shared, const void* global, bool wanted) {
    int bytes = wanted ? 4 : 0;
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(sharedAddress(shared)), "l"(global), "r"(bytes)
                 : "memory");
}

/** Makes a group of the copies since the last one. */
__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/** Waits for this thread's copies but those of the newest LEFT groups. */
template <int LEFT>
__device__ __forceinline__ void awaitCopies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

/** Two numbers in bfloat16, the first in the lower half. */
__device__ __forceinline__ unsigned pair(float first, float second) {
    unsigned both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
    return both;
}

/** 2 to the power of x, to 2 units in the last place; subnormal results are 0. */
__device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

#endif
