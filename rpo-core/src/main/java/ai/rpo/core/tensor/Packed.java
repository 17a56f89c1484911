package ai.rpo.core.tensor;

/** A matrix in fewer bits as a {@link Backend} keeps it; {@link Backend#unpack} reads it, and nothing changes it. */
public interface Packed {

    int rows();

    int columns();
}
