package ai.rpo.spark.prepare;

import java.util.ArrayList;
import java.util.List;

/**
 * Estimates how many rows pieces of files hold, by their bytes and the first few rows of each. A piece is taken
 * together with its neighbours until their rows are enough for a mean: bytes over the mean of a few sizes are too many
 * rows, by about their squared coefficient of variation over their number.
 */
final class RowEstimate {

    private static final int ROWS_OF_A_MEAN = 64;

    private final List<Piece> pieces = new ArrayList<>();

    private record Piece(long bytes, long rows, long bytesOfRows) {}

    /**
     * Adds a piece.
     *
     * @param bytes of the whole piece
     * @param rows of it that were read
     * @param bytesOfRows of those
     */
    void add(long bytes, long rows, long bytesOfRows) {
        pieces.add(new Piece(bytes, rows, bytesOfRows));
    }

    /** Gives rows for each piece, in the order in which they were added. */
    double[] rows() {
        double[] estimates = new double[pieces.size()];
        int from = 0;
        long rows = 0;
        long bytes = 0;
        for (int i = 0; i < estimates.length; i++) {
            rows += pieces.get(i).rows();
            bytes += pieces.get(i).bytesOfRows();
            if (rows >= ROWS_OF_A_MEAN || i == estimates.length - 1) {
                for (; from <= i; from++) {
                    estimates[from] = pieces.get(from).bytes() * (double) rows / Math.max(1, bytes);
                }
                rows = 0;
                bytes = 0;
            }
        }
        return estimates;
    }
}
