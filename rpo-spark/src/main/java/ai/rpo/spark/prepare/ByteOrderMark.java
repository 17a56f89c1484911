package ai.rpo.spark.prepare;

/** The three bytes that some programs put before UTF-8 text. */
final class ByteOrderMark {

    private ByteOrderMark() {}

    /** Length of the mark that a text's bytes begin with, 0 where they begin with none. */
    static int lengthIn(byte[] head) {
        boolean there = head.length >= 3 && head[0] == (byte) 0xEF && head[1] == (byte) 0xBB && head[2] == (byte) 0xBF;
        return there ? 3 : 0;
    }
}
