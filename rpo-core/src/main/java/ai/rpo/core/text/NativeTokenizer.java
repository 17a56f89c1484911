package ai.rpo.core.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/**
 * Hugging Face's tokenizers library on one {@code tokenizer.json}. It is called below DJL's own {@code Encoding},
 * which copies eight arrays and a string for each token out of native memory where only the ids are wanted. The
 * library itself may be used by several threads; the lock only keeps a tokenizer from being closed under one.
 */
final class NativeTokenizer implements AutoCloseable {

    static {
        // Left alone, DJL looks for a GPU build of its library on the network and reports its use there.
        if (System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
        LibUtils.checkStatus();
    }

    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private long handle;

    /**
     * @param json the contents of a tokenizer.json
     * @throws RuntimeException where the library cannot read it
     */
    NativeTokenizer(String json) {
        handle = LIBRARY.createTokenizerFromString(json);
        LIBRARY.disablePadding(handle);
        LIBRARY.disableTruncation(handle);
    }

    int[] encode(String text) {
        return withEncoding(text, false, encoding -> toInts(LIBRARY.getTokenIds(encoding)));
    }

    /** Ids with what the post-processor adds, and which of them it added. */
    Processed encodeProcessed(String text) {
        return withEncoding(
                text,
                true,
                encoding -> new Processed(
                        toInts(LIBRARY.getTokenIds(encoding)), toInts(LIBRARY.getSpecialTokenMask(encoding))));
    }

    /**
     * @param added for each id 1 where the post-processor added it, else 0
     */
    record Processed(int[] ids, int[] added) {}

    String decode(int[] ids, boolean skipSpecialTokens) {
        long[] longs = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            longs[i] = ids[i];
        }
        lock.readLock().lock();
        try {
            return LIBRARY.decode(open(), longs, skipSpecialTokens);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (handle != 0) {
                LIBRARY.deleteTokenizer(handle);
                handle = 0;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private <T> T withEncoding(String text, boolean addSpecialTokens, LongFunction<T> read) {
        lock.readLock().lock();
        try {
            long encoding = LIBRARY.encode(open(), text, addSpecialTokens);
            try {
                return read.apply(encoding);
            } finally {
                LIBRARY.deleteEncoding(encoding);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    private long open() {
        if (handle == 0) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return handle;
    }

    private static int[] toInts(long[] values) {
        int[] ints = new int[values.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = Math.toIntExact(values[i]);
        }
        return ints;
    }
}
