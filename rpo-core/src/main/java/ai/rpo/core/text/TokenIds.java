package ai.rpo.core.text;

import java.util.Arrays;
import java.util.Set;

/** Lists of token ids. */
final class TokenIds {

    private TokenIds() {}

    static int[] concatenate(int[] first, int[] second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    /** Tells how many ids both begin with. */
    static int commonStart(int[] a, int[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    /**
     * Up to the first end after so many others, or all of it and an end where there is none.
     *
     * @param ends that end a text
     * @param end that is put behind one that has none
     */
    static int[] upToEnd(int[] ids, Set<Integer> ends, int others, int end) {
        int seen = 0;
        for (int i = 0; i < ids.length; i++) {
            if (ends.contains(ids[i]) && seen++ == others) {
                return Arrays.copyOf(ids, i + 1);
            }
        }
        return concatenate(ids, new int[] {end});
    }

    static boolean startsWith(int[] whole, int[] start) {
        return whole.length >= start.length && Arrays.equals(whole, 0, start.length, start, 0, start.length);
    }
}
