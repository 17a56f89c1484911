// Nonlinearities of feed-forward blocks; kind 0 is SiLU, 1 is GELU in its tanh form, 2 is GELU itself.
#include "device.cuh"

__device__ __forceinline__ float geluTanh(float x) { return tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)); }

__device__ __forceinline__ float sigmoid(float x) { return 1 / (1 + expf(-x)); }

/** The standard normal distribution. */
__device__ __forceinline__ float normal(float x) { return 0.5f * erfcf(-0.7071067811865476f * x); }

__device__ __forceinline__ float activate(int kind, float x) {
    if (kind == 0) return x * sigmoid(x);
    return kind == 1 ? 0.5f * x * (1 + geluTanh(x)) : x * normal(x);
}

__device__ __forceinline__ float slope(int kind, float x) {
    if (kind == 0) {
        float s = sigmoid(x);
        return s * (1 + x * (1 - s));
    }
    if (kind == 2) return normal(x) + x * 0.3989422804014327f * expf(-0.5f * x * x);
    float t = geluTanh(x);
    float saturated = 1 - t * t;
    float inner = saturated == 0 ? 0 : saturated * 0.7978845608028654f * (1 + 3 * 0.044715f * x * x);
    return 0.5f * (1 + t) + 0.5f * x * inner;
}

extern "C" __global__ void activation(const float* x, int kind, float* out, u64 n) {
    FOR_EACH(i, n) out[i] = activate(kind, x[i]);
}

extern "C" __global__ void activationBackward(const float* x, int kind, const float* dOut, float* dX, u64 n) {
    FOR_EACH(i, n) dX[i] = dOut[i] * slope(kind, x[i]);
}

extern "C" __global__ void gatedActivation(const float* gateUp, int kind, float* out, int columns, u64 n) {
    FOR_EACH(i, n) {
        u64 gate = i / columns * 2 * columns + i % columns;
        out[i] = activate(kind, gateUp[gate]) * gateUp[gate + columns];
    }
}

/** dGateUp may be gateUp. */
extern "C" __global__ void gatedActivationBackward(const float* gateUp, int kind, const float* dOut, float* dGateUp,
                                                   int columns, u64 n) {
    FOR_EACH(i, n) {
        u64 gate = i / columns * 2 * columns + i % columns;
        float x = gateUp[gate], up = gateUp[gate + columns], d = dOut[i];
        dGateUp[gate] = d * up * slope(kind, x);
        dGateUp[gate + columns] = d * activate(kind, x);
    }
}

/** Gates and ups in turn. */
extern "C" __global__ void clampedGate(const float* gateUp, float alpha, float limit, float* out, u64 n) {
    FOR_EACH(i, n) {
        float gate = fminf(gateUp[2 * i], limit), up = fmaxf(-limit, fminf(gateUp[2 * i + 1], limit));
        out[i] = (up + 1) * gate * sigmoid(alpha * gate);
    }
}

/** dGateUp may be gateUp. */
extern "C" __global__ void clampedGateBackward(const float* gateUp, float alpha, float limit, const float* dOut, float* dGateUp,
                                               u64 n) {
    FOR_EACH(i, n) {
        float g = gateUp[2 * i], u = gateUp[2 * i + 1], d = dOut[i];
        float gate = fminf(g, limit), up = fmaxf(-limit, fminf(u, limit)), s = sigmoid(alpha * gate);
        dGateUp[2 * i] = g <= limit ? d * (up + 1) * s * (1 + alpha * gate * (1 - s)) : 0;
        dGateUp[2 * i + 1] = fabsf(u) <= limit ? d * gate * s : 0;
    }
}
