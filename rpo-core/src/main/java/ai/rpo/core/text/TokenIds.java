package ai.rpo.core.text;

import java.util.Arrays;

/** Lists of token ids. */
final class TokenIds {

    private TokenIds() {}

    static int[] concatenate(int[] first, int[] second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    static boolean startsWith(int[] whole, int[] start) {
        return whole.length >= start.length && Arrays.equals(whole, 0, start.length, start, 0, start.length);
    }
}
