// CUDA C++ for g++: the blocks of a kernel run one after another, each thread of a block on a stack of its own.
// A thread runs until it waits, at a barrier of its block or for the other lanes of its warp; then the next one runs.
// What a GPU leaves undefined is made to show: shared memory begins as NaN, threads take turns upwards in one launch and
// downwards in the next, and lanes that wait at different lines, or for a thread that has ended, fail the launch.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#ifndef __x86_64__
#error "switches between stacks on x86-64 only"
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

extern "C" void emu_switch(void** from, void* to) __attribute__((visibility("hidden")));
asm(".text\n"
    ".local emu_switch\n"
    "emu_switch:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n"
    "  mov %rsi, %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n");

extern "C" unsigned char __start_emu_shared[] __attribute__((weak, visibility("hidden")));
extern "C" unsigned char __stop_emu_shared[] __attribute__((weak, visibility("hidden")));

namespace emu {

constexpr int LANES = 32;
constexpr size_t STACK = 48 << 10;
constexpr size_t DYNAMIC = 232448;  // bytes of shared memory that a block may have on the largest devices

struct Index {
    unsigned x, y, z;
};

enum class State { RUNS, AT_BARRIER, IN_WARP, ENDED };

struct Thread {
    void* stack;
    Index index;
    int number;
    State state;
    unsigned exchanges;
};

struct Warp {
    int waiting, line;
    uint64_t brought[2][LANES];
};

struct Block {
    Index index, grid, size;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    int waiting, alive, step;
    void* launcher;
    const char* failure;
    std::function<void()> kernel;
};

inline Block block;
inline Thread* self;
alignas(128) inline unsigned char dynamicShared[DYNAMIC];

inline void toLauncher() {
    void* abandoned;
    emu_switch(&abandoned, block.launcher);
}

[[noreturn]] inline void fail(const char* why) {
    block.failure = why;
    toLauncher();
    __builtin_unreachable();
}

/** Lets the next thread run that can, if there is one among so many from first on. */
inline bool next(int first, int count) {
    int number = self->number;
    for (int i = 0; i < count; i++) {
        number += block.step;
        number = number < first ? first + count - 1 : number >= first + count ? first : number;
        Thread& other = block.threads[number];
        if (other.state == State::RUNS) {
            Thread* from = self;
            if (from != &other) {
                self = &other;
                emu_switch(&from->stack, other.stack);
            }
            return true;
        }
    }
    return false;
}

/** Threads of the same warp first: so one warp runs as far ahead of the others as barriers let it. */
inline void yield() {
    int count = (int) block.threads.size();
    int first = self->number / LANES * LANES;
    if (!next(first, std::min(LANES, count - first)) && !next(0, count)) fail("threads wait for each other without end");
}

inline void barrier() {
    if (++block.waiting < block.alive) {
        self->state = State::AT_BARRIER;
        yield();
        return;
    }
    block.waiting = 0;
    for (Thread& thread : block.threads) {
        if (thread.state == State::AT_BARRIER) thread.state = State::RUNS;
    }
}

/** Waits until all lanes of the warp have brought a number here; returns all of these. */
inline const uint64_t* exchange(int line, unsigned mask, uint64_t mine) {
    if (mask != 0xffffffffu) fail("a warp's instruction without some of its lanes");
    int first = self->number / LANES * LANES;
    int lanes = std::min(LANES, (int) block.threads.size() - first);
    Warp& warp = block.warps[first / LANES];
    if (warp.waiting > 0 && warp.line != line) fail("lanes of a warp wait at different lines");
    warp.line = line;
    uint64_t* brought = warp.brought[self->exchanges++ & 1];
    brought[self->number - first] = mine;
    if (++warp.waiting < lanes) {
        self->state = State::IN_WARP;
        yield();
        return brought;
    }
    warp.waiting = 0;
    for (int i = first; i < first + lanes; i++) {
        if (block.threads[i].state == State::ENDED) fail("a lane has ended that others wait for");
        block.threads[i].state = State::RUNS;
    }
    return brought;
}

template <class T>
T shuffle(int line, unsigned mask, T value, int from) {
    static_assert(sizeof(T) <= 8);
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    uint64_t other = exchange(line, mask, bits)[from & (LANES - 1)];
    std::memcpy(&value, &other, sizeof(T));
    return value;
}

inline int lane() { return self->number % LANES; }

inline void run() {
    block.kernel();
    self->state = State::ENDED;
    block.alive--;
    if (block.waiting > 0 && block.waiting == block.alive) fail("a thread has ended that others wait for at a barrier");
    if (block.alive == 0) toLauncher();
    yield();
    __builtin_unreachable();
}

using Call = std::function<void(void**)>;

inline std::map<std::string, Call>& kernels() {
    static std::map<std::string, Call> all;
    return all;
}

template <class... A, size_t... I>
Call call(void (*kernel)(A...), std::index_sequence<I...>) {
    return [kernel](void** values) { kernel(*static_cast<std::remove_reference_t<A>*>(values[I])...); };
}

template <class... A>
bool add(const char* name, void (*kernel)(A...)) {
    kernels()[name] = call(kernel, std::index_sequence_for<A...>{});
    return true;
}

/** Threads that have ended never left their functions, whose frames AddressSanitizer still knows. */
inline void forget([[maybe_unused]] std::vector<char>& stacks) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stacks.data(), stacks.size());
#endif
}

inline void runBlock(std::vector<char>& stacks) {
    int count = (int) block.threads.size();
    block.waiting = 0;
    block.alive = count;
    for (Warp& warp : block.warps) warp.waiting = 0;
    forget(stacks);
    std::memset(dynamicShared, 0xff, 4096);
    if (__start_emu_shared) std::memset(__start_emu_shared, 0xff, __stop_emu_shared - __start_emu_shared);
    for (int i = 0; i < count; i++) {
        Thread& thread = block.threads[i];
        thread.number = i;
        thread.index = {i % block.size.x, i / block.size.x % block.size.y, i / block.size.x / block.size.y};
        thread.state = State::RUNS;
        thread.exchanges = 0;
        auto top = reinterpret_cast<uintptr_t>(stacks.data() + (i + 1) * STACK) & ~uintptr_t(15);
        void** stack = reinterpret_cast<void**>(top);
        *--stack = nullptr;  // where a function's return address would be
        *--stack = reinterpret_cast<void*>(&run);
        for (int saved = 0; saved < 6; saved++) *--stack = nullptr;
        thread.stack = stack;
    }
    self = &block.threads[block.step > 0 ? 0 : count - 1];
    emu_switch(&block.launcher, self->stack);
}

}  // namespace emu

extern "C" bool emuHas(const char* name) { return emu::kernels().count(name) > 0; }

/** Runs a kernel; returns why it failed, or null. */
extern "C" const char* emuLaunch(const char* name, const unsigned* grid, const unsigned* size, unsigned shared,
                                 void** values, int step) {
    static std::vector<char> stacks;
    emu::Block& block = emu::block;
    unsigned count = size[0] * size[1] * size[2];
    if (count > 1024 || shared > emu::DYNAMIC) return "more threads or shared memory than a block may have";
    emu::forget(stacks);
    if (stacks.size() < count * emu::STACK) stacks.resize(count * emu::STACK);
    block.grid = {grid[0], grid[1], grid[2]};
    block.size = {size[0], size[1], size[2]};
    block.threads.resize(count);
    block.warps.resize((count + emu::LANES - 1) / emu::LANES);
    block.step = step;
    block.failure = nullptr;
    const emu::Call& kernel = emu::kernels().at(name);
    block.kernel = [&kernel, values] { kernel(values); };
    for (unsigned z = 0; z < grid[2]; z++) {
        for (unsigned y = 0; y < grid[1]; y++) {
            for (unsigned x = 0; x < grid[0]; x++) {
                block.index = {x, y, z};
                std::memset(emu::dynamicShared, 0xff, shared);
                emu::runBlock(stacks);
                if (block.failure) return block.failure;
            }
        }
    }
    return nullptr;
}

#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
#define __shared__ static __attribute__((section("emu_shared")))
#define DYNAMIC_SHARED(name) unsigned char* name = emu::dynamicShared
#define threadIdx (emu::self->index)
#define blockIdx (emu::block.index)
#define blockDim (emu::block.size)
#define gridDim (emu::block.grid)
#define __syncthreads() emu::barrier()
#define __syncwarp() ((void) emu::exchange(__LINE__, 0xffffffffu, 0))
#define __shfl_xor_sync(mask, value, apart) emu::shuffle(__LINE__, mask, value, emu::lane() ^ (apart))
#define __shfl_sync(mask, value, from) emu::shuffle(__LINE__, mask, value, from)

inline float __uint_as_float(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}
inline unsigned __float_as_uint(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, 4);
    return bits;
}
using std::max;
using std::min;
