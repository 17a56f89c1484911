package ai.rpo.core.tensor;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.special.Erf;

/**
 * Every operation written down as its definition, in double and in no hurry: what the fast backends are tested
 * against, and what finite differences are taken of.
 */
public final class PlainBackend implements Backend {

    @Override
    public String describe() {
        return "plain loops, float64, 1 thread";
    }

    @Override
    public Storage allocate(long size) {
        return new PlainStorage(new double[Math.toIntExact(size)]);
    }

    /** Full of NaN, so that a number which is read before it is written shows. */
    @Override
    public Storage allocateScratch(long size) {
        double[] numbers = new double[Math.toIntExact(size)];
        Arrays.fill(numbers, Double.NaN);
        return new PlainStorage(numbers);
    }

    /** A tensor of its own with these values in row-major order. */
    public Tensor tensor(int rows, int columns, double... values) {
        if (values.length != rows * columns) {
            throw new IllegalArgumentException("values do not fill the shape");
        }
        return new PlainTensor(values.clone(), 0, rows, columns);
    }

    @Override
    public Packed pack(PackedMatrix matrix) {
        return matrix;
    }

    @Override
    public void unpack(Packed packed, int firstRow, Tensor out) {
        Shapes.requireUnpacked(packed, firstRow, out);
        PackedMatrix matrix = (PackedMatrix) packed;
        for (int i = 0; i < out.rows(); i++) {
            for (int j = 0; j < out.columns(); j++) {
                plain(out).set(i, j, matrix.get((long) (firstRow + i) * matrix.columns() + j));
            }
        }
    }

    @Override
    public void zero(Tensor out) {
        PlainTensor o = plain(out);
        Arrays.fill(o.data(), o.offset(), o.offset() + (int) o.size(), 0);
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        zero(out);
        add(x, out);
    }

    @Override
    public void add(Tensor x, Tensor into) {
        PlainTensor a = plain(x);
        PlainTensor b = plain(into);
        Shapes.requireSame(x, into);
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.columns(); j++) {
                b.add(i, j, a.get(i, j));
            }
        }
    }

    @Override
    public void scale(Tensor x, double factor) {
        PlainTensor a = plain(x);
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.columns(); j++) {
                a.set(i, j, a.get(i, j) * factor);
            }
        }
    }

    @Override
    public double norm(Tensor x) {
        return Math.sqrt(Arrays.stream(x.toArray()).map(value -> value * value).sum());
    }

    @Override
    public void addRow(Tensor row, Tensor into) {
        Shapes.requireRow(row, into);
        PlainTensor b = plain(into);
        for (int i = 0; i < b.rows(); i++) {
            for (int j = 0; j < b.columns(); j++) {
                b.add(i, j, plain(row).get(0, j));
            }
        }
    }

    @Override
    public void addRowBackward(Tensor dOut, Tensor intoRow) {
        Shapes.requireRow(intoRow, dOut);
        PlainTensor d = plain(dOut);
        for (int i = 0; i < d.rows(); i++) {
            for (int j = 0; j < d.columns(); j++) {
                plain(intoRow).add(0, j, d.get(i, j));
            }
        }
    }

    @Override
    public void scaleColumns(Tensor x, Tensor row, Tensor out) {
        Shapes.requireRow(row, x);
        Shapes.requireSame(x, out);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                plain(out).set(i, j, plain(x).get(i, j) * plain(row).get(0, j));
            }
        }
    }

    @Override
    public void columnDots(Tensor x, Tensor y, Tensor intoRow) {
        Shapes.requireSame(x, y);
        Shapes.requireRow(intoRow, x);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                plain(intoRow).add(0, j, plain(x).get(i, j) * plain(y).get(i, j));
            }
        }
    }

    @Override
    public void inverseRowNorms(Tensor x, Tensor out) {
        Shapes.requireRowOfNorms(x, out);
        for (int i = 0; i < x.rows(); i++) {
            double squares = 0;
            for (int j = 0; j < x.columns(); j++) {
                squares += plain(x).get(i, j) * plain(x).get(i, j);
            }
            plain(out).set(0, i, 1 / Math.sqrt(squares));
        }
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        PlainTensor t = plain(table);
        PlainTensor o = plain(out);
        Shapes.requireRows(table, rows, out);
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < t.columns(); j++) {
                o.set(i, j, t.get(rows[i], j));
            }
        }
    }

    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        PlainTensor a = plain(x);
        PlainTensor b = plain(into);
        Shapes.requireRows(into, rows, x);
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < a.columns(); j++) {
                b.add(rows[i], j, a.get(i, j));
            }
        }
    }

    @Override
    public void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        Shapes.requireColumns(x, xFrom, into, intoFrom, columns);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < columns; j++) {
                plain(into).add(i, intoFrom + j, plain(x).get(i, xFrom + j));
            }
        }
    }

    @Override
    public void dropout(Tensor x, double rate, long[] keys, Tensor out) {
        Shapes.requireDropout(x, rate, keys, out);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                double kept = Noise.uniform(keys[i], j) < rate ? 0 : 1 / (1 - rate);
                plain(out).set(i, j, kept * plain(x).get(i, j));
            }
        }
    }

    @Override
    public void set(double[] numbers, Tensor out) {
        Shapes.requireNumbers(numbers, out);
        for (int i = 0; i < numbers.length; i++) {
            plain(out).set(i / out.columns(), i % out.columns(), numbers[i]);
        }
    }

    @Override
    public void mixRows(Tensor x, int[] rows, double[] shares, Tensor into) {
        int parts = Shapes.requireMixed(x, rows, shares, into);
        for (int p = 0; p < rows.length; p++) {
            for (int j = 0; j < x.columns(); j++) {
                plain(into).add(p / parts, j, shares[p] * plain(x).get(rows[p], j));
            }
        }
    }

    @Override
    public void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares) {
        int parts = Shapes.requireMixed(x, rows, shares, dOut);
        Shapes.requireMixed(dX, rows, dShares, dOut);
        for (int p = 0; p < rows.length; p++) {
            dShares[p] = 0;
            for (int j = 0; j < x.columns(); j++) {
                double d = plain(dOut).get(p / parts, j);
                dShares[p] += plain(x).get(rows[p], j) * d;
                plain(dX).set(rows[p], j, shares[p] * d);
            }
        }
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
        if (!accumulate) {
            zero(out);
        }
        PlainTensor a = plain(x);
        PlainTensor w = plain(weight);
        PlainTensor o = plain(out);
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < w.rows(); j++) {
                for (int k = 0; k < a.columns(); k++) {
                    o.add(i, j, a.get(i, k) * w.get(j, k));
                }
            }
        }
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
        if (!accumulate) {
            zero(out);
        }
        PlainTensor d = plain(dOut);
        PlainTensor w = plain(weight);
        PlainTensor o = plain(out);
        for (int i = 0; i < d.rows(); i++) {
            for (int j = 0; j < d.columns(); j++) {
                for (int k = 0; k < w.columns(); k++) {
                    o.add(i, k, d.get(i, j) * w.get(j, k));
                }
            }
        }
    }

    @Override
    public void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight) {
        Shapes.requireLinear(x, intoWeight, dOut);
        PlainTensor d = plain(dOut);
        PlainTensor a = plain(x);
        PlainTensor w = plain(intoWeight);
        for (int i = 0; i < d.rows(); i++) {
            for (int j = 0; j < d.columns(); j++) {
                for (int k = 0; k < a.columns(); k++) {
                    w.add(j, k, d.get(i, j) * a.get(i, k));
                }
            }
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        Shapes.requireNorm(x, weight, out, inverseRms);
        PlainTensor a = plain(x);
        PlainTensor w = plain(weight);
        for (int i = 0; i < a.rows(); i++) {
            double squares = 0;
            for (int j = 0; j < a.columns(); j++) {
                squares += a.get(i, j) * a.get(i, j);
            }
            double r = 1 / Math.sqrt(squares / a.columns() + epsilon);
            plain(inverseRms).set(i, 0, r);
            for (int j = 0; j < a.columns(); j++) {
                plain(out).set(i, j, a.get(i, j) * r * w.get(0, j));
            }
        }
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
        PlainTensor a = plain(x);
        PlainTensor w = plain(weight);
        PlainTensor d = plain(dOut);
        int n = a.columns();
        for (int i = 0; i < a.rows(); i++) {
            double r = plain(inverseRms).get(i, 0);
            double dot = 0;
            for (int j = 0; j < n; j++) {
                dot += d.get(i, j) * w.get(0, j) * a.get(i, j);
            }
            for (int j = 0; j < n; j++) {
                plain(intoWeight).add(0, j, d.get(i, j) * a.get(i, j) * r);
                plain(intoX).add(i, j, r * d.get(i, j) * w.get(0, j) - r * r * r * dot / n * a.get(i, j));
            }
        }
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        Shapes.requireLayerNorm(x, weight, bias, out, meanAndInverse);
        PlainTensor a = plain(x);
        for (int i = 0; i < a.rows(); i++) {
            double mean = 0;
            for (int j = 0; j < a.columns(); j++) {
                mean += a.get(i, j) / a.columns();
            }
            double variance = 0;
            for (int j = 0; j < a.columns(); j++) {
                variance += Math.pow(a.get(i, j) - mean, 2) / a.columns();
            }
            double r = 1 / Math.sqrt(variance + epsilon);
            plain(meanAndInverse).set(i, 0, mean);
            plain(meanAndInverse).set(i, 1, r);
            for (int j = 0; j < a.columns(); j++) {
                double normalized = (a.get(i, j) - mean) * r;
                plain(out)
                        .set(
                                i,
                                j,
                                normalized * plain(weight).get(0, j)
                                        + plain(bias).get(0, j));
            }
        }
    }

    @Override
    public void layerNormBackward(
            Tensor x,
            Tensor weight,
            Tensor meanAndInverse,
            Tensor dOut,
            Tensor intoX,
            Tensor intoWeight,
            Tensor intoBias) {
        Shapes.requireLayerNorm(x, weight, intoBias, dOut, meanAndInverse);
        Shapes.requireLayerNorm(x, intoWeight, intoBias, intoX, meanAndInverse);
        PlainTensor a = plain(x);
        PlainTensor d = plain(dOut);
        int n = a.columns();
        for (int i = 0; i < a.rows(); i++) {
            double mean = plain(meanAndInverse).get(i, 0);
            double r = plain(meanAndInverse).get(i, 1);
            double meanOfGradient = 0;
            double meanOfProduct = 0;
            for (int j = 0; j < n; j++) {
                double dNormalized = d.get(i, j) * plain(weight).get(0, j);
                meanOfGradient += dNormalized / n;
                meanOfProduct += dNormalized * (a.get(i, j) - mean) * r / n;
            }
            for (int j = 0; j < n; j++) {
                double normalized = (a.get(i, j) - mean) * r;
                double dNormalized = d.get(i, j) * plain(weight).get(0, j);
                plain(intoX).add(i, j, r * (dNormalized - meanOfGradient - normalized * meanOfProduct));
                plain(intoWeight).add(0, j, d.get(i, j) * normalized);
                plain(intoBias).add(0, j, d.get(i, j));
            }
        }
    }

    @Override
    public void headNorm(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            double epsilon,
            Tensor out,
            Tensor inverseRms) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        copy(fused, out);
        for (int i = 0; i < fused.rows(); i++) {
            for (int head = 0; head < shape.heads() + shape.keyValueHeads(); head++) {
                Tensor weight = head < shape.heads() ? queryWeight : keyWeight;
                rmsNorm(
                        head(fused, shape, i, head),
                        weight,
                        epsilon,
                        head(out, shape, i, head),
                        new PlainTensor(
                                plain(inverseRms).data(),
                                plain(inverseRms).offset() + i * inverseRms.columns() + head,
                                1,
                                1));
            }
        }
    }

    @Override
    public void headNormBackward(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            Tensor inverseRms,
            Tensor gradient,
            Tensor intoQueryWeight,
            Tensor intoKeyWeight) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        Shapes.requireHeadNorm(gradient, shape, intoQueryWeight, intoKeyWeight, inverseRms);
        for (int i = 0; i < fused.rows(); i++) {
            for (int head = 0; head < shape.heads() + shape.keyValueHeads(); head++) {
                boolean query = head < shape.heads();
                Tensor dOut = tensor(
                        1, shape.headDim(), head(gradient, shape, i, head).toArray());
                zero(head(gradient, shape, i, head));
                rmsNormBackward(
                        head(fused, shape, i, head),
                        query ? queryWeight : keyWeight,
                        tensor(1, 1, plain(inverseRms).get(i, head)),
                        dOut,
                        head(gradient, shape, i, head),
                        query ? intoQueryWeight : intoKeyWeight);
            }
        }
    }

    private static Tensor head(Tensor fused, AttentionShape shape, int row, int head) {
        PlainTensor f = plain(fused);
        int offset = f.offset() + row * f.columns() + head * shape.headDim();
        return new PlainTensor(f.data(), offset, 1, shape.headDim());
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
        int half = cos.columns();
        PlainTensor f = plain(fused);
        for (int i = 0; i < f.rows(); i++) {
            for (int head = 0; head < shape.heads() + shape.keyValueHeads(); head++) {
                for (int j = 0; j < half; j++) {
                    double c = plain(cos).get(positions[i], j);
                    double s = plain(sin).get(positions[i], j) * (inverse ? -1 : 1);
                    int column = head * shape.headDim() + j;
                    double a = f.get(i, column);
                    double b = f.get(i, column + half);
                    f.set(i, column, a * c - b * s);
                    f.set(i, column + half, b * c + a * s);
                }
            }
        }
    }

    @Override
    public void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        for (Segment segment : segments) {
            new PlainAttention(shape, segment, plain(fused)).forward(plain(out), plain(logSumExp));
        }
    }

    @Override
    public void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireCachedAttention(fused, shape, segments, out, logSumExp);
        for (CachedSegment segment : segments) {
            new PlainCachedAttention(shape, segment, plain(fused), plain(segment.cache()))
                    .forward(plain(out), plain(logSumExp));
        }
    }

    @Override
    public void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        for (int i = 0; i < out.rows(); i++) {
            for (int h = 0; h < shape.heads(); h++) {
                double before = plain(logSumExp).get(i, h);
                double after = logSumExp(new double[] {before, plain(sinks).get(0, h)});
                for (int c = h * shape.headDim(); c < (h + 1) * shape.headDim(); c++) {
                    plain(out).set(i, c, plain(out).get(i, c) * Math.exp(before - after));
                }
                plain(logSumExp).set(i, h, after);
            }
        }
    }

    @Override
    public void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        Shapes.requireSinks(intoSinks, shape, dOut, logSumExp);
        for (int i = 0; i < out.rows(); i++) {
            for (int c = 0; c < out.columns(); c++) {
                int h = c / shape.headDim();
                double share =
                        Math.exp(plain(sinks).get(0, h) - plain(logSumExp).get(i, h));
                plain(intoSinks)
                        .add(0, h, -share * plain(out).get(i, c) * plain(dOut).get(i, c));
            }
        }
    }

    @Override
    public void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out) {
        Shapes.requireGated(gateUp, out);
        for (int i = 0; i < out.rows(); i++) {
            for (int j = 0; j < out.columns(); j++) {
                double g = Math.min(plain(gateUp).get(i, 2 * j), gate.limit());
                double u = Math.max(-gate.limit(), Math.min(plain(gateUp).get(i, 2 * j + 1), gate.limit()));
                plain(out).set(i, j, (u + 1) * g / (1 + Math.exp(-gate.alpha() * g)));
            }
        }
    }

    @Override
    public void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        for (int i = 0; i < dOut.rows(); i++) {
            for (int j = 0; j < dOut.columns(); j++) {
                double given = plain(gateUp).get(i, 2 * j);
                double up = plain(gateUp).get(i, 2 * j + 1);
                double g = Math.min(given, gate.limit());
                double u = Math.max(-gate.limit(), Math.min(up, gate.limit()));
                double s = 1 / (1 + Math.exp(-gate.alpha() * g));
                double d = plain(dOut).get(i, j);
                plain(dGateUp)
                        .set(i, 2 * j, given > gate.limit() ? 0 : d * (u + 1) * (s + gate.alpha() * g * s * (1 - s)));
                plain(dGateUp).set(i, 2 * j + 1, Math.abs(up) > gate.limit() ? 0 : d * g * s);
            }
        }
    }

    @Override
    public void attentionBackward(
            Tensor fused,
            AttentionShape shape,
            List<Segment> segments,
            Tensor out,
            Tensor logSumExp,
            Tensor dOut,
            Tensor dFused) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        Shapes.requireSame(out, dOut);
        Shapes.requireSame(fused, dFused);
        zero(dFused);
        for (Segment segment : segments) {
            new PlainAttention(shape, segment, plain(fused)).backward(plain(logSumExp), plain(dOut), plain(dFused));
        }
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        int columns = out.columns();
        Shapes.requireGated(gateUp, out);
        PlainTensor g = plain(gateUp);
        for (int i = 0; i < g.rows(); i++) {
            for (int j = 0; j < columns; j++) {
                plain(out).set(i, j, activate(activation, g.get(i, j)) * g.get(i, columns + j));
            }
        }
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        int columns = dOut.columns();
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        PlainTensor g = plain(gateUp);
        for (int i = 0; i < g.rows(); i++) {
            for (int j = 0; j < columns; j++) {
                double gate = g.get(i, j);
                double up = g.get(i, columns + j);
                double d = plain(dOut).get(i, j);
                plain(dGateUp).set(i, j, d * up * slope(activation, gate));
                plain(dGateUp).set(i, columns + j, d * activate(activation, gate));
            }
        }
    }

    @Override
    public void activation(Tensor x, Activation activation, Tensor out) {
        Shapes.requireSame(x, out);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                plain(out).set(i, j, activate(activation, plain(x).get(i, j)));
            }
        }
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX) {
        Shapes.requireSame(x, dOut);
        Shapes.requireSame(x, dX);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.columns(); j++) {
                plain(dX).set(i, j, plain(dOut).get(i, j) * slope(activation, plain(x).get(i, j)));
            }
        }
    }

    @Override
    public void softCap(Tensor x, double cap) {
        PlainTensor a = plain(x);
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.columns(); j++) {
                a.set(i, j, cap * Math.tanh(a.get(i, j) / cap));
            }
        }
    }

    @Override
    public void softCapBackward(Tensor capped, double cap, Tensor gradient) {
        Shapes.requireSame(capped, gradient);
        PlainTensor g = plain(gradient);
        for (int i = 0; i < g.rows(); i++) {
            for (int j = 0; j < g.columns(); j++) {
                g.set(i, j, g.get(i, j) * (1 - Math.pow(plain(capped).get(i, j) / cap, 2)));
            }
        }
    }

    @Override
    public void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp) {
        Shapes.requireLogps(logits, logSumExp, targets, from, logps);
        PlainTensor l = plain(logits);
        for (int i = 0; i < l.rows(); i++) {
            double lse = logSumExp(((PlainTensor) l.rows(i, i + 1)).toArray());
            plain(logSumExp).set(i, 0, lse);
            logps[from + i] = l.get(i, targets[from + i]) - lse;
        }
    }

    @Override
    public void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients) {
        Shapes.requireLogps(logits, logSumExp, targets, from, coefficients);
        PlainTensor l = plain(logits);
        for (int i = 0; i < l.rows(); i++) {
            double lse = plain(logSumExp).get(i, 0);
            for (int j = 0; j < l.columns(); j++) {
                double onehot = j == targets[from + i] ? 1 : 0;
                l.set(i, j, coefficients[from + i] * (onehot - Math.exp(l.get(i, j) - lse)));
            }
        }
    }

    @Override
    public void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, parameters);
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
        for (int i = 0; i < gradient.rows(); i++) {
            for (int j = 0; j < gradient.columns(); j++) {
                double g = plain(gradient).get(i, j);
                double m = step.beta1() * plain(firstMoment).get(i, j) + (1 - step.beta1()) * g;
                double v = step.beta2() * plain(secondMoment).get(i, j) + (1 - step.beta2()) * g * g;
                plain(firstMoment).set(i, j, m);
                plain(secondMoment).set(i, j, v);
                double denominator = Math.sqrt(v / step.secondCorrection()) + step.epsilon();
                double p = plain(parameters).get(i, j);
                double update = m / step.firstCorrection() / denominator + step.decay() * p;
                plain(parameters).set(i, j, p - step.learningRate() * update);
            }
        }
    }

    static double logSumExp(double[] x) {
        double max = Arrays.stream(x).max().orElseThrow();
        return max + Math.log(Arrays.stream(x).map(v -> Math.exp(v - max)).sum());
    }

    private static double activate(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(geluArgument(x)));
            case GELU -> x * normal(x);
        };
    }

    private static double slope(Activation activation, double x) {
        return switch (activation) {
            case SILU -> {
                double s = 1 / (1 + Math.exp(-x));
                yield s * (1 + x * (1 - s));
            }
            case GELU_TANH -> {
                double t = Math.tanh(geluArgument(x));
                double dArgument = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
                yield 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * dArgument;
            }
            case GELU -> normal(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
        };
    }

    /** The standard normal distribution. */
    private static double normal(double x) {
        return Erf.erfc(-x / Math.sqrt(2)) / 2;
    }

    private static double geluArgument(double x) {
        return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    }

    private static PlainTensor plain(Tensor tensor) {
        return (PlainTensor) tensor;
    }
}
