package ai.rpo.core.tensor.cuda;

import java.util.List;
import java.util.Optional;

/**
 * Sizes of the tiles in which the attention kernels on tensor cores go through rows; {@code flash64.cu} and so on have the
 * same numbers. They are chosen such that no kernel spills registers, and none needs more shared memory than the
 * 99 KB of the smallest devices.
 *
 * @param headDim numbers in a row of a tile
 * @param forwardQueries rows of queries of a block of the forward pass
 * @param forwardKeys rows of keys that it takes at a time
 * @param queries rows of queries of a block that computes their gradients
 * @param queriesKeys rows of keys that it takes at a time
 * @param keys rows of keys of a block that computes theirs
 * @param keysQueries rows of queries that it takes at a time
 */
record FlashTiles(
        int headDim, int forwardQueries, int forwardKeys, int queries, int queriesKeys, int keys, int keysQueries) {

    private static final List<FlashTiles> ALL = List.of(
            new FlashTiles(64, 128, 64, 128, 32, 64, 64),
            new FlashTiles(96, 128, 48, 64, 48, 64, 48),
            new FlashTiles(128, 128, 48, 64, 48, 64, 32),
            new FlashTiles(256, 64, 32, 64, 16, 32, 32));

    /** None for a size of heads that has no kernels. */
    static Optional<FlashTiles> of(int headDim) {
        return ALL.stream().filter(tiles -> tiles.headDim == headDim).findAny();
    }

    /** The file of kernels. */
    String file() {
        return "flash" + headDim;
    }

    /** Counts bytes: the queries, and a tile of keys and one of values. */
    int forwardBytes() {
        return rows(forwardQueries + 2 * forwardKeys);
    }

    /** Counts bytes: the queries and their gradients, a tile of values, and two of keys. */
    int queriesBytes() {
        return rows(2 * queries + 3 * queriesKeys);
    }

    /** Counts bytes: the keys and the values, and twice a tile of queries with gradients and two numbers of each. */
    int keysBytes() {
        return rows(2 * keys + 4 * keysQueries) + 4 * Float.BYTES * keysQueries;
    }

    private int rows(int count) {
        return Short.BYTES * headDim * count;
    }
}
