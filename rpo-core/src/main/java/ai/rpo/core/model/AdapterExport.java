package ai.rpo.core.model;

import java.nio.file.Files;
import java.nio.file.Path;
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
            ParameterFile.write(folder.resolve(Adapter.WEIGHTS), ParameterLayout.of(config, lora), numbers, dtype);
            Files.writeString(folder.resolve(AdapterConfig.FILE), AdapterConfig.text(config, lora, baseName));
            NewFolder.copyCarried(source, folder);
            Files.writeString(
                    folder.resolve(CheckpointFiles.MODEL_CARD), ModelCard.text(config, lora, baseName, dtype, facts));
        });
    }
}
