package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** Numbers laid out like parameters, such as an optimizer's moments or an adapter, in one safetensors file. */
public final class ParameterFile {

    private ParameterFile() {}

    /** Writes float32 under a temporary name and renames, so the file is whole or not there. */
    public static void write(Path file, ParameterLayout layout, Weights numbers) {
        try {
            write(file, layout, numbers, Dtype.F32);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot write " + file + ": " + e + ". Check the disk's space and permissions.",
                    e);
        }
    }

    static void write(Path file, ParameterLayout layout, Weights numbers, Dtype dtype) throws IOException {
        new SafetensorsWriter(dtype).write(file, layout.entries(), numbers);
    }

    /** Numbers laid out like all weights of a model; see {@link #read(Path, ParameterLayout)}. */
    public static Weights read(Path file, ModelConfig config) {
        return read(file, ParameterLayout.of(config));
    }

    /**
     * @throws RpoException if the file is missing or broken, or holds other tensors than the layout
     */
    public static Weights read(Path file, ParameterLayout layout) {
        return read(SafetensorsFile.open(file), layout);
    }

    static Weights read(SafetensorsFile stored, ParameterLayout layout) {
        Path file = stored.path();
        Set<String> unknown = new TreeSet<>(stored.tensors().keySet());
        for (ParameterLayout.Entry entry : layout.entries()) {
            requireFits(file, entry, stored.tensors().get(entry.name()));
            unknown.remove(entry.name());
        }
        if (!unknown.isEmpty()) {
            throw refuse(file, "it holds " + unknown.iterator().next() + ", which has no place in it");
        }
        return (entry, offset, target) -> stored.read(stored.tensors().get(entry.name()), offset, target);
    }

    private static void requireFits(Path file, ParameterLayout.Entry entry, StoredTensor tensor) {
        if (tensor == null) {
            throw refuse(file, entry.name() + " is missing");
        }
        if (!tensor.shape()
                .equals(entry.shape().stream().map(Integer::longValue).toList())) {
            throw refuse(file, entry.name() + " has shape " + tensor.shape() + " and should have " + entry.shape());
        }
        if (Dtype.named(tensor.dtype()).isEmpty()) {
            throw refuse(
                    file,
                    entry.name() + " is stored as " + tensor.dtype() + ", but only F32, F16 and BF16 can be read");
        }
    }

    private static RpoException refuse(Path file, String why) {
        return RpoException.configuration(
                "Cannot use " + file + ": " + why + ". Check that it belongs to this model, and fetch it again.");
    }
}
