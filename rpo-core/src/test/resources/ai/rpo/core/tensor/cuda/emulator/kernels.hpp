// CUDA C++ for g++: the blocks of a kernel run one after another, each thread of a block on a stack of its own.
// A thread runs until it waits, at a barrier of its block or for the other lanes of its warp; then the next one runs.
// What a GPU leaves undefined is made to show: shared memory begins as NaN, threads take turns upwards in one launch and
// downwards in the next, and lanes that wait at different lines, or for a thread that has ended, fail the launch. What an
// asynchronous copy goes to is NaN until it is waited for.
// Compiled with -fsanitize=address -fsanitize-sections=emu_shared, AddressSanitizer ends the process at an access outside of what
// was allocated, in shared memory too.
#pragma once
#define EMULATED
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
constexpr size_t GUARD = 4096;

struct Index {
    unsigned x, y, z;
};

enum class State { RUNS, AT_BARRIER, IN_WARP, ENDED };

struct Copy {
    void* to;
    const void* from;  // or null, for zeros
    size_t bytes;
};

struct Thread {
    void* stack;
    Index index;
    int number;
    State state;
    unsigned exchanges;
    std::vector<std::vector<Copy>> groups;  // of copies, the last one open
};

/** A product on tensor cores: what lanes have brought, and once one of them has made it, what they get. */
struct Product {
    struct {
        float sums[4];
        unsigned a[4], b[2];
    } lanes[LANES];
    bool made;
};

struct Warp {
    int waiting, line;
    uint64_t brought[2][LANES];
    Product products[2];
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
alignas(128) inline unsigned char dynamicShared[DYNAMIC + GUARD];

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
    for (const auto& group : self->groups) {
        if (!group.empty()) fail("a thread has ended before its copies");
    }
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

/** Shared memory begins as NaN; what AddressSanitizer puts between two variables is written, too. */
__attribute__((no_sanitize_address)) inline void ruinShared() {
    if (!__start_emu_shared) return;
    for (volatile unsigned char* byte = __start_emu_shared; byte != __stop_emu_shared; byte++) *byte = 0xff;
}

/** So many bytes of dynamic shared memory may be used. */
inline void openShared([[maybe_unused]] size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(dynamicShared, bytes);
    __asan_poison_memory_region(dynamicShared + bytes, sizeof(dynamicShared) - bytes);
#endif
}

inline void runBlock(std::vector<char>& stacks) {
    int count = (int) block.threads.size();
    block.waiting = 0;
    block.alive = count;
    for (Warp& warp : block.warps) warp.waiting = 0;
    forget(stacks);
    ruinShared();
    for (int i = 0; i < count; i++) {
        Thread& thread = block.threads[i];
        thread.number = i;
        thread.index = {i % block.size.x, i / block.size.x % block.size.y, i / block.size.x / block.size.y};
        thread.state = State::RUNS;
        thread.exchanges = 0;
        thread.groups.assign(1, {});
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
                emu::openShared(shared + emu::GUARD);
                std::memset(emu::dynamicShared, 0xff, shared + emu::GUARD);
                emu::openShared(shared);
                emu::runBlock(stacks);
                emu::openShared(shared + emu::GUARD);
                if (block.failure) return block.failure;
                for (size_t i = shared; i < shared + emu::GUARD; i++) {
                    if (emu::dynamicShared[i] != 0xff) return "a block has written behind its shared memory";
                }
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
inline float __fdividef(float x, float y) { return x / y; }

// --- what tensorcore.cuh has for a GPU ---

namespace emu {

/** sums [16, 8] += a [16, 16]·b [16, 8], each number where the manual of PTX has it among the lanes. */
inline void make(Product& product) {
    float a[16][16], b[16][8], sums[16][8];
    for (int lane = 0; lane < LANES; lane++) {
        auto& mine = product.lanes[lane];
        int group = lane / 4, two = lane % 4 * 2;
        for (int i = 0; i < 4; i++) {
            for (int half = 0; half < 2; half++) {
                a[group + i % 2 * 8][two + i / 2 * 8 + half] = __uint_as_float(half ? mine.a[i] & 0xffff0000u : mine.a[i] << 16);
            }
            sums[group + i / 2 * 8][two + i % 2] = mine.sums[i];
        }
        for (int i = 0; i < 2; i++) {
            for (int half = 0; half < 2; half++) {
                b[two + i * 8 + half][group] = __uint_as_float(half ? mine.b[i] & 0xffff0000u : mine.b[i] << 16);
            }
        }
    }
    for (int row = 0; row < 16; row++) {
        for (int k = 0; k < 16; k++) {
            for (int column = 0; column < 8; column++) sums[row][column] += a[row][k] * b[k][column];
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) product.lanes[lane].sums[i] = sums[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    }
    product.made = true;
}

inline void matrices(int line, unsigned (&out)[4], const unsigned short* row, bool transposed) {
    if ((uintptr_t) row % 16 != 0) fail("a row of a matrix begins at no multiple of 16 bytes");
    const uint64_t* rows = exchange(line, 0xffffffffu, (uint64_t) row);
    auto at = [&](int matrix, int r, int c) { return (unsigned) ((const unsigned short*) rows[matrix * 8 + r])[c]; };
    int group = lane() / 4, two = lane() % 4 * 2;
    for (int i = 0; i < 4; i++) {
        out[i] = transposed ? at(i, two, group) | at(i, two + 1, group) << 16 : at(i, group, two) | at(i, group, two + 1) << 16;
    }
}

inline void copy(void* shared, const void* global, bool wanted, size_t bytes) {
    if ((uintptr_t) shared % bytes != 0 || (uintptr_t) global % bytes != 0) fail("an asynchronous copy that is not aligned");
    std::memset(shared, 0xff, bytes);
    self->groups.back().push_back({shared, wanted ? global : nullptr, bytes});
}

}  // namespace emu

inline void multiplyAdd(float (&sums)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    emu::Thread& self = *emu::self;
    emu::Product& product = emu::block.warps[self.number / emu::LANES].products[self.exchanges & 1];
    auto& mine = product.lanes[emu::lane()];
    std::copy(sums, sums + 4, mine.sums);
    std::copy(a, a + 4, mine.a);
    mine.b[0] = b0;
    mine.b[1] = b1;
    product.made = false;
    emu::exchange(__LINE__, 0xffffffffu, 0);
    if (!product.made) emu::make(product);
    std::copy(mine.sums, mine.sums + 4, sums);
}
inline void loadMatrices(unsigned (&out)[4], const unsigned short* row) { emu::matrices(__LINE__, out, row, false); }
inline void loadTransposed(unsigned (&out)[4], const unsigned short* row) { emu::matrices(__LINE__, out, row, true); }
inline void copyAsync16(void* shared, const void* global, bool wanted) { emu::copy(shared, global, wanted, 16); }
inline void copyAsync4(void* shared, const void* global, bool wanted) { emu::copy(shared, global, wanted, 4); }
inline void commitCopies() { emu::self->groups.emplace_back(); }
template <int LEFT>
void awaitCopies() {
    auto& groups = emu::self->groups;
    while (groups.size() > LEFT + 1) {
        for (const emu::Copy& copy : groups.front()) {
            if (copy.from) std::memcpy(copy.to, copy.from, copy.bytes); else std::memset(copy.to, 0, copy.bytes);
        }
        groups.erase(groups.begin());
    }
}
/** To the nearest, ties to even. */
inline unsigned pair(float first, float second) {
    auto rounded = [](float x) {
        unsigned bits = __float_as_uint(x);
        return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : bits + 0x7fffu + (bits >> 16 & 1) >> 16;
    };
    return rounded(first) | rounded(second) << 16;
}
inline float exp2Fast(float x) { return exp2f(x); }
