package ai.rpo.core.tensor;

import java.util.ArrayList;
import java.util.List;

/** Attention of one segment, as its definition says. */
record PlainAttention(AttentionShape shape, Segment segment, PlainTensor fused) {

    void forward(PlainTensor out, PlainTensor logSumExp) {
        Heads heads = new Heads(fused, shape);
        for (int i = segment.start(); i < segment.start() + segment.length(); i++) {
            List<Integer> seen = seenBy(i);
            for (int h = 0; h < shape.heads(); h++) {
                double[] scores = heads.scores(i, h, seen);
                double lse = PlainBackend.logSumExp(scores);
                logSumExp.set(i, h, lse);
                for (int c = 0; c < shape.headDim(); c++) {
                    double sum = 0;
                    for (int s = 0; s < scores.length; s++) {
                        sum += Math.exp(scores[s] - lse) * heads.value(seen.get(s), h, c);
                    }
                    out.set(i, h * shape.headDim() + c, sum);
                }
            }
        }
    }

    /** Adds to {@code dFused}. */
    void backward(PlainTensor logSumExp, PlainTensor dOut, PlainTensor dFused) {
        Heads heads = new Heads(fused, shape);
        Heads gradients = new Heads(dFused, shape);
        for (int i = segment.start(); i < segment.start() + segment.length(); i++) {
            List<Integer> seen = seenBy(i);
            for (int h = 0; h < shape.heads(); h++) {
                double[] scores = heads.scores(i, h, seen);
                double[] dProbability = new double[scores.length];
                double mean = 0;
                for (int s = 0; s < scores.length; s++) {
                    for (int c = 0; c < shape.headDim(); c++) {
                        dProbability[s] += dOut.get(i, h * shape.headDim() + c) * heads.value(seen.get(s), h, c);
                    }
                    mean += Math.exp(scores[s] - logSumExp.get(i, h)) * dProbability[s];
                }
                for (int s = 0; s < scores.length; s++) {
                    double p = Math.exp(scores[s] - logSumExp.get(i, h));
                    double dScore = p * (dProbability[s] - mean) * heads.slope(scores[s]) * shape.scale();
                    for (int c = 0; c < shape.headDim(); c++) {
                        gradients.addQuery(i, h, c, dScore * heads.key(seen.get(s), h, c));
                        gradients.addKey(seen.get(s), h, c, dScore * heads.query(i, h, c));
                        gradients.addValue(seen.get(s), h, c, p * dOut.get(i, h * shape.headDim() + c));
                    }
                }
            }
        }
    }

    private List<Integer> seenBy(int row) {
        List<Integer> seen = new ArrayList<>();
        int own = segment.prefixLength() + row - segment.start();
        for (int position = shape.firstSeen(own); position <= own; position++) {
            boolean prefix = position < segment.prefixLength();
            seen.add(prefix ? segment.prefixStart() + position : segment.start() + position - segment.prefixLength());
        }
        return seen;
    }

    /** Names the numbers of a fused query-key-value tensor; {@code head} is always a query head. */
    private record Heads(PlainTensor fused, AttentionShape shape) {

        double query(int row, int head, int column) {
            return fused.get(row, head * shape.headDim() + column);
        }

        double key(int row, int head, int column) {
            return fused.get(row, keyColumn(head) + column);
        }

        double value(int row, int head, int column) {
            return fused.get(row, keyColumn(head) + shape.keyColumns() + column);
        }

        void addQuery(int row, int head, int column, double x) {
            fused.add(row, head * shape.headDim() + column, x);
        }

        void addKey(int row, int head, int column, double x) {
            fused.add(row, keyColumn(head) + column, x);
        }

        void addValue(int row, int head, int column, double x) {
            fused.add(row, keyColumn(head) + shape.keyColumns() + column, x);
        }

        double[] scores(int row, int head, List<Integer> seen) {
            double[] scores = new double[seen.size()];
            for (int s = 0; s < scores.length; s++) {
                for (int c = 0; c < shape.headDim(); c++) {
                    scores[s] += shape.scale() * query(row, head, c) * key(seen.get(s), head, c);
                }
                if (shape.scoreCap() > 0) {
                    scores[s] = shape.scoreCap() * Math.tanh(scores[s] / shape.scoreCap());
                }
            }
            return scores;
        }

        /** What the cap leaves of a gradient, by the capped score. */
        double slope(double score) {
            return shape.scoreCap() > 0 ? 1 - Math.pow(score / shape.scoreCap(), 2) : 1;
        }

        private int keyColumn(int head) {
            return shape.queryColumns() + head / shape.group() * shape.headDim();
        }
    }
}
