package ai.rpo.core.decoder;

import ai.rpo.core.decoder.Decoder.Prefix;
import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.tensor.CachedSegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** Those tokens of several sequences that are in no cache yet, without padding. */
final class CachedBatch implements TokenRows {

    private final List<Prefix> sequences;
    private final int[] starts;
    private final int[] tokens;
    private final int[] positions;
    private final int[] sequenceLengths;

    CachedBatch(List<Prefix> sequences, Collection<RotaryFrequencies> rotary) {
        this.sequences = sequences;
        sequences.forEach(sequence -> {
            if (haveOtherAngles(sequence.cache().length(), sequence.length(), rotary)) {
                sequence.cache().clear();
            }
        });
        int rows = sequences.stream()
                .mapToInt(s -> s.length() - s.cache().length())
                .sum();
        starts = new int[sequences.size() + 1];
        tokens = new int[rows];
        positions = new int[rows];
        sequenceLengths = new int[rows];
        int row = 0;
        for (int s = 0; s < sequences.size(); s++) {
            Prefix sequence = sequences.get(s);
            for (int position = sequence.cache().length(); position < sequence.length(); position++) {
                tokens[row] = sequence.ids()[position];
                positions[row] = position;
                sequenceLengths[row] = sequence.length();
                row++;
            }
            starts[s + 1] = row;
        }
    }

    /** Tells whether keys differ: where angles depend on a sequence's length, those of one that has become long are others. */
    static boolean haveOtherAngles(int length, int longer, Collection<RotaryFrequencies> rotary) {
        return rotary.stream()
                .mapToInt(RotaryFrequencies::longBeyond)
                .anyMatch(border -> length <= border && longer > border);
    }

    List<CachedSegment> segments(int layer) {
        List<CachedSegment> segments = new ArrayList<>(sequences.size());
        for (int s = 0; s < sequences.size(); s++) {
            KeyValueCache cache = sequences.get(s).cache();
            segments.add(new CachedSegment(starts[s], starts[s + 1] - starts[s], cache.layer(layer), cache.length()));
        }
        return segments;
    }

    /** The row of each sequence's last token. */
    int[] lastRows() {
        return Arrays.stream(starts).skip(1).map(next -> next - 1).toArray();
    }

    /** Must be called when all layers have computed. */
    void markCached() {
        sequences.forEach(sequence -> sequence.cache().fillTo(sequence.length()));
    }

    @Override
    public int rows() {
        return tokens.length;
    }

    @Override
    public int[] tokens() {
        return tokens;
    }

    @Override
    public int[] positions() {
        return positions;
    }

    @Override
    public int[] sequenceLengths() {
        return sequenceLengths;
    }

    @Override
    public int longestSequence() {
        return Arrays.stream(sequenceLengths).max().orElse(0);
    }
}
