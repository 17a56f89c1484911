package ai.rpo.core.decoder;

import ai.rpo.core.tensor.Noise;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Examples laid out as token rows without padding: each prompt once, then its completions, whose positions continue
 * from the prompt and which see the prompt and themselves but not each other.
 *
 * <p>The result is that of separate sequences, at P+2R rows a pair instead of 2P+2R. The logits that predict a
 * completion's first token are those of the prompt's last row, so that row serves every completion.
 *
 * <p>For a reward model, which reads a completion at its end, all tokens have a row, and of each completion only the
 * last one is read.
 */
public final class PackedBatch implements TokenRows {

    private final int[] tokens;
    private final int[] positions;
    private final int[] sequenceLengths;
    private final List<Segment> segments;
    private final int[] targets;
    private final int[] targetRows;
    private final int[] completionStarts;
    private int longestSequence;
    private int[] predictingRows; // once asked for

    private long[] noise;

    private PackedBatch(
            int[] tokens, int[] positions, List<Segment> segments, int[] targets, int[] targetRows, int[] starts) {
        this.tokens = tokens;
        this.positions = positions;
        this.sequenceLengths = new int[tokens.length];
        this.segments = segments;
        this.targets = targets;
        this.targetRows = targetRows;
        this.completionStarts = starts;
    }

    public static PackedBatch of(List<Example> examples) {
        int rows = examples.stream().mapToInt(Example::packedRows).sum();
        int completions = completions(examples);
        int completionTokens = examples.stream()
                .flatMap(e -> e.completions().stream())
                .mapToInt(c -> c.length)
                .sum();
        PackedBatch batch = new PackedBatch(
                new int[rows],
                new int[rows],
                new ArrayList<>(),
                new int[completionTokens],
                new int[completionTokens],
                new int[completions + 1]);
        batch.fill(examples, batch.new EveryToken());
        return batch;
    }

    private static int completions(List<Example> examples) {
        return examples.stream().mapToInt(e -> e.completions().size()).sum();
    }

    /**
     * A batch whose completions are each read at their last token, for a reward model. {@link #targetCount} is the
     * number of completions then.
     *
     * @param padding an id that is passed over at the end of a completion
     */
    static PackedBatch ofEnds(List<Example> examples, OptionalInt padding) {
        int completions = completions(examples);
        int rows = completions + examples.stream().mapToInt(Example::packedRows).sum();
        PackedBatch batch = new PackedBatch(
                new int[rows],
                new int[rows],
                new ArrayList<>(),
                new int[completions],
                new int[completions],
                IntStream.rangeClosed(0, completions).toArray());
        batch.fill(examples, batch.new LastToken(padding));
        return batch;
    }

    /**
     * A batch that is trained on with dropout.
     *
     * @param noise a seed for each example: what is dropped depends on it and on the row's place in the example
     */
    public static PackedBatch of(List<Example> examples, long[] noise) {
        return of(examples).with(noise);
    }

    /** This batch with a seed for each example; see {@link #of(List, long[])}. */
    PackedBatch with(long[] seeds) {
        noise = new long[rows()];
        int[] starts = IntStream.concat(
                        segments.stream().filter(s -> s.prefixLength() == 0).mapToInt(Segment::start),
                        IntStream.of(rows()))
                .toArray();
        for (int i = 0; i < seeds.length; i++) {
            for (int row = starts[i]; row < starts[i + 1]; row++) {
                noise[row] = Noise.of(seeds[i], row - starts[i]);
            }
        }
        return this;
    }

    private void fill(List<Example> examples, Targets targetsOf) {
        int row = 0;
        int target = 0;
        int completion = 0;
        for (Example example : examples) {
            int promptStart = row;
            int promptLength = example.prompt().length;
            row = place(example.prompt(), promptLength, 0, row);
            segments.add(new Segment(promptStart, promptLength, 0, 0));
            for (int[] ids : example.completions()) {
                int start = row;
                row = place(ids, ids.length - targetsOf.rowsLess(), promptLength, row);
                if (row > start) {
                    segments.add(new Segment(start, row - start, promptStart, promptLength));
                }
                target = targetsOf.add(ids, promptStart + promptLength - 1, start, target);
                completionStarts[++completion] = target;
            }
            Arrays.fill(sequenceLengths, promptStart, row, example.longestSequence());
        }
    }

    /** Says which rows of a completion are read. */
    private interface Targets {

        /** Tells how many of a completion's last tokens have no row. */
        int rowsLess();

        /**
         * Adds the targets of one completion.
         *
         * @param before the prompt's last row
         * @param start the completion's first row
         * @return the place after the last target
         */
        int add(int[] ids, int before, int start, int target);
    }

    /** Every token is predicted from the row before it. */
    private final class EveryToken implements Targets {

        @Override
        public int rowsLess() {
            return 1;
        }

        @Override
        public int add(int[] ids, int before, int start, int target) {
            for (int i = 0; i < ids.length; i++) {
                targets[target + i] = ids[i];
                targetRows[target + i] = i == 0 ? before : start + i - 1;
            }
            return target + ids.length;
        }
    }

    /** The last token is read, or the last that is no padding. */
    private final class LastToken implements Targets {

        private final OptionalInt padding;

        LastToken(OptionalInt padding) {
            this.padding = padding;
        }

        @Override
        public int rowsLess() {
            return 0;
        }

        @Override
        public int add(int[] ids, int before, int start, int target) {
            int last = ids.length - 1;
            while (last > 0 && padding.isPresent() && ids[last] == padding.getAsInt()) {
                last--;
            }
            targets[target] = ids[last];
            targetRows[target] = start + last;
            return target + 1;
        }
    }

    /**
     * Only those rows that predict a token, without what they saw of each other: all that is needed where rows are no
     * longer mixed.
     */
    PackedBatch predicting() {
        int[] rows = predictingRows();
        if (rows.length == rows()) {
            return this;
        }
        PackedBatch batch = new PackedBatch(
                select(tokens, rows),
                select(positions, rows),
                List.of(),
                targets,
                Arrays.stream(targetRows)
                        .map(row -> Arrays.binarySearch(rows, row))
                        .toArray(),
                completionStarts);
        System.arraycopy(select(sequenceLengths, rows), 0, batch.sequenceLengths, 0, rows.length);
        batch.longestSequence = longestSequence;
        batch.noise = noise == null
                ? null
                : Arrays.stream(rows).mapToLong(row -> noise[row]).toArray();
        return batch;
    }

    /** The rows of {@link #predicting()} in this batch. */
    int[] predictingRows() {
        if (predictingRows == null) {
            BitSet rows = new BitSet(rows());
            for (int row : targetRows) {
                rows.set(row);
            }
            predictingRows = rows.stream().toArray();
        }
        return predictingRows;
    }

    private static int[] select(int[] values, int[] rows) {
        return Arrays.stream(rows).map(row -> values[row]).toArray();
    }

    private int place(int[] ids, int length, int firstPosition, int row) {
        for (int i = 0; i < length; i++) {
            tokens[row + i] = ids[i];
            positions[row + i] = firstPosition + i;
        }
        longestSequence = Math.max(longestSequence, firstPosition + length);
        return row + length;
    }

    @Override
    public int rows() {
        return tokens.length;
    }

    /** Completion tokens over all completions. */
    public int targetCount() {
        return targets.length;
    }

    public int completionCount() {
        return completionStarts.length - 1;
    }

    /** Positions that the longest sequence takes. */
    @Override
    public int longestSequence() {
        return longestSequence;
    }

    /** Sums per-token values over each completion. */
    public double[] sumByCompletion(double[] perTarget) {
        double[] sums = new double[completionCount()];
        for (int c = 0; c < sums.length; c++) {
            for (int t = completionStarts[c]; t < completionStarts[c + 1]; t++) {
                sums[c] += perTarget[t];
            }
        }
        return sums;
    }

    /**
     * Gives every token of a completion the completion's value; what has a value for each token already is returned.
     */
    double[] spreadToTargets(double[] perCompletion) {
        if (perCompletion.length == targets.length) {
            return perCompletion;
        }
        double[] spread = new double[targets.length];
        for (int c = 0; c < perCompletion.length; c++) {
            Arrays.fill(spread, completionStarts[c], completionStarts[c + 1], perCompletion[c]);
        }
        return spread;
    }

    /** The rows of one completion, of a tensor that has one for each target. */
    Tensor rowsOf(int completion, Tensor perTarget) {
        return perTarget.rows(completionStarts[completion], completionStarts[completion + 1]);
    }

    boolean isNoisy() {
        return noise != null;
    }

    /** A seed for each row, different for each place in the network. */
    long[] noise(long stream) {
        return Arrays.stream(noise).map(row -> Noise.of(row, stream)).toArray();
    }

    @Override
    public int[] tokens() {
        return tokens;
    }

    @Override
    public int[] positions() {
        return positions;
    }

    /** Gives for each row the tokens of its prompt and the longest completion of that, the last token included. */
    @Override
    public int[] sequenceLengths() {
        return sequenceLengths;
    }

    List<Segment> segments() {
        return segments;
    }

    /** The segments as far as their rows predict a token: of a prompt the last row, which sees the others. */
    List<Segment> predictingSegments() {
        return segments.stream()
                .map(segment -> segment.prefixLength() > 0 ? segment : lastRow(segment))
                .toList();
    }

    private static Segment lastRow(Segment prompt) {
        int before = prompt.length() - 1;
        return new Segment(prompt.start() + before, 1, prompt.start(), before);
    }

    /** The token ids to be predicted, completion after completion. */
    public int[] targets() {
        return targets;
    }

    /** The row that predicts each target; rows repeat where completions share a prompt. */
    int[] targetRows() {
        return targetRows;
    }
}
