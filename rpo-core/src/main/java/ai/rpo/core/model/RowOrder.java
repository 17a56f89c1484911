package ai.rpo.core.model;

/**
 * Says where the rows of a matrix, or the elements of a vector, lie in memory. Most lie as in the file; those of some
 * families' queries, keys and values are put so that one attention serves all of them.
 */
public sealed interface RowOrder {

    /** Leaves everything as in the file. */
    RowOrder AS_STORED = new AsStored();

    /** The row in memory of a row of the file. */
    int inMemory(int stored);

    /**
     * Elements that keep their neighbours: what {@link #inMemory} counts in.
     *
     * @param columns of a row
     */
    default int unit(int columns) {
        return columns;
    }

    /** Tells how far apart in the file elements, or rows, lie that are neighbours in memory, where none are in both. */
    default int apart() {
        return 1;
    }

    /** Leaves everything as in the file. */
    record AsStored() implements RowOrder {

        @Override
        public int inMemory(int stored) {
            return stored;
        }
    }

    /**
     * The rotary embedding turns neighbours in the file, {@code 2i} with {@code 2i + 1}, and in memory {@code i} with
     * {@code turned/2 + i} of the same head.
     *
     * @param turned columns of each head that are turned, its first
     */
    record PairsTogether(int headDim, int turned) implements RowOrder {

        @Override
        public int inMemory(int stored) {
            int column = stored % headDim;
            int moved = column < turned ? column / 2 + column % 2 * (turned / 2) : column;
            return stored - column + moved;
        }
    }

    /**
     * Turns one order into another: in the file each head's query, key and value lie together; in memory all queries
     * come first, then all keys.
     */
    record ByHead(int heads, int headDim) implements RowOrder {

        @Override
        public int inMemory(int stored) {
            int part = stored / headDim % 3;
            int head = stored / headDim / 3;
            return (part * heads + head) * headDim + stored % headDim;
        }
    }

    /**
     * Counts elements. In the file, {@code [out, rank, experts]}, neighbours belong to neighbouring experts; in memory,
     * {@code [experts, out, rank]}, the elements of an expert lie together.
     */
    record ByExpert(int out, int rank, int experts) implements RowOrder {

        @Override
        public int inMemory(int stored) {
            int expert = stored % experts;
            int column = stored / experts % rank;
            int row = stored / experts / rank;
            return (expert * out + row) * rank + column;
        }

        @Override
        public int unit(int columns) {
            return 1;
        }

        @Override
        public int apart() {
            return experts;
        }
    }
}
