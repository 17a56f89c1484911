package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Numbers laid out like a model's parameters, such as an optimizer's moments, in one float32 safetensors file. */
public final class ParameterFile {

    private ParameterFile() {}

    /** Writes under a temporary name and renames, so the file is whole or not there. */
    public static void write(Path file, ParameterLayout layout, Weights numbers) {
        try {
            new SafetensorsWriter(Dtype.F32).write(file, layout.entries(), numbers);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot write " + file + ": " + e + ". Check the disk's space and permissions.",
                    e);
        }
    }

    /**
     * @throws RpoException if the file is missing, broken or of another model
     */
    public static Weights read(Path file, ModelConfig config) {
        return StoredWeights.of(file.getParent(), config, List.of(SafetensorsFile.open(file)));
    }
}
