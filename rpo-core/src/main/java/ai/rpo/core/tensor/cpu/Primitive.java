package ai.rpo.core.tensor.cpu;

/** Something of oneDNN's that is made once, executed often, and closed in the end. */
interface Primitive extends AutoCloseable {

    @Override
    void close();
}
