package ai.rpo.core.tensor.cuda;

/** Says how many blocks a kernel has, of how many threads, and how much shared memory each of them is given. */
record Grid(int x, int y, int threads, int sharedBytes) {

    private static final int THREADS = 256;
    private static final int WARP = 32;
    private static final int BLOCKS = 4096; // of a loop over elements: enough to fill any device

    /** Gives a grid for kernels in which the threads share a loop over {@code n} elements. */
    static Grid over(long n) {
        return new Grid((int) Math.min(BLOCKS, (n + THREADS - 1) / THREADS), 1, THREADS, 0);
    }

    /** A block for each of {@code rows}. */
    static Grid rows(int rows, int columns) {
        return new Grid(rows, 1, Math.min(THREADS, WARP * ((columns + WARP - 1) / WARP)), 0);
    }

    /** A thread for each of {@code columns}, {@code runs} times. */
    static Grid columns(int columns, int runs) {
        int threads = Math.min(THREADS, WARP * ((columns + WARP - 1) / WARP));
        return new Grid((columns + threads - 1) / threads, runs, threads, 0);
    }
}
