package ai.rpo.core.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes an adapter in PEFT's layout, with the tokenizer and chat template of its model.
 *
 * @param source of what lies beside the weights
 * @param baseName where PEFT is to find the model that is adapted
 */
record AdapterExport(ModelDirectory source, Lora lora, String baseName, Dtype dtype) {

    /**
     * @param target must not exist, or be an empty folder
     * @throws ai.rpo.core.RpoException if the target is in use, a number cannot be stored, or writing fails
     */
    void write(Path target, Weights numbers, Map<String, String> facts) {
        ModelConfig config = source.config();
        NewFolder.write(target, folder -> {
            writeNumbers(folder.resolve(Adapter.WEIGHTS), numbers);
            Files.writeString(folder.resolve(AdapterConfig.FILE), AdapterConfig.text(config, lora, baseName));
            NewFolder.copyCarried(source, folder);
            Files.writeString(
                    folder.resolve(CheckpointFiles.MODEL_CARD), ModelCard.text(config, lora, baseName, dtype, facts));
        });
    }

    /** Writes an embedding that is the head under both names, without one of which PEFT reads neither. */
    private void writeNumbers(Path file, Weights numbers) throws IOException {
        ParameterLayout layout = ParameterLayout.of(source.config(), lora);
        if (!AdapterConfig.trainsTied(source.config(), lora)) {
            ParameterFile.write(file, layout, numbers, dtype);
            return;
        }
        WeightNames names = source.config().architecture().names();
        ParameterLayout.Entry embedding = layout.get(Lora.saved(names.embedding() + ".weight"));
        ParameterLayout.Entry head = new ParameterLayout.Entry(
                Lora.saved(names.head() + ".weight"), layout.size(), embedding.shape(), embedding.order());
        List<ParameterLayout.Entry> entries = new ArrayList<>(layout.entries());
        entries.add(head);
        new SafetensorsWriter(dtype)
                .write(
                        file,
                        entries,
                        (entry, offset, target) ->
                                numbers.read(entry.equals(head) ? embedding : entry, offset, target));
    }
}
