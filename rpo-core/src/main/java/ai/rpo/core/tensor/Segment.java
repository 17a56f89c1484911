package ai.rpo.core.tensor;

/**
 * A run of token rows that attend causally to each other and, all of them, to every row of a prefix.
 *
 * <p>A prompt is a segment without a prefix; each of its completions is a segment whose prefix is the prompt. Row
 * {@code i} of the segment sees rows {@code prefixStart .. prefixStart+prefixLength-1} and
 * {@code start .. start+i}, which are positions {@code 0 .. prefixLength+i} of its sequence; under a sliding window it
 * sees the last of those only.
 *
 * @param start first row of the segment
 * @param length rows in the segment
 * @param prefixStart first row of the prefix
 * @param prefixLength rows in the prefix, 0 for none
 */
public record Segment(int start, int length, int prefixStart, int prefixLength) {}
