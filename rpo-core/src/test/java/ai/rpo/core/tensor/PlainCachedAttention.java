package ai.rpo.core.tensor;

/** Attention to a cache, as the last rows of {@link PlainAttention} over the whole sequence. */
record PlainCachedAttention(AttentionShape shape, CachedSegment segment, PlainTensor fused, PlainTensor cache) {

    void forward(PlainTensor out, PlainTensor logSumExp) {
        int total = segment.total();
        PlainTensor whole = zeros(total, shape.fusedColumns());
        for (int i = 0; i < segment.cached(); i++) {
            for (int c = 0; c < cache.columns(); c++) {
                whole.set(i, shape.queryColumns() + c, cache.get(i, c));
            }
        }
        for (int i = 0; i < segment.length(); i++) {
            for (int c = 0; c < shape.fusedColumns(); c++) {
                whole.set(segment.cached() + i, c, fused.get(segment.start() + i, c));
            }
            for (int c = 0; c < cache.columns(); c++) {
                cache.set(segment.cached() + i, c, fused.get(segment.start() + i, shape.queryColumns() + c));
            }
        }
        PlainTensor mixed = zeros(total, shape.queryColumns());
        PlainTensor sums = zeros(total, shape.heads());
        new PlainAttention(shape, new Segment(0, total, 0, 0), whole).forward(mixed, sums);
        for (int i = 0; i < segment.length(); i++) {
            for (int c = 0; c < out.columns(); c++) {
                out.set(segment.start() + i, c, mixed.get(segment.cached() + i, c));
            }
            for (int h = 0; h < shape.heads(); h++) {
                logSumExp.set(segment.start() + i, h, sums.get(segment.cached() + i, h));
            }
        }
    }

    private static PlainTensor zeros(int rows, int columns) {
        return new PlainTensor(new double[rows * columns], 0, rows, columns);
    }
}
