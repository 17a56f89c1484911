package ai.rpo.core.model;

import java.util.Locale;
import java.util.Map;

/** The {@code README.md} of an exported model: what it is and where it came from. */
final class ModelCard {

    private ModelCard() {}

    static String text(ModelConfig config, Dtype dtype, Map<String, String> facts) {
        String what = String.format(
                Locale.ROOT,
                "A %s model of %,d parameters, stored as %s.",
                config.modelType(),
                ParameterLayout.of(config).size(),
                dtype.torchName());
        boolean reward = config.reward().isPresent();
        return text("library_name: transformers\n", reward ? "text-classification" : "text-generation", what, facts);
    }

    /** Writes the card of an adapter. */
    static String text(ModelConfig config, Lora lora, String baseName, Dtype dtype, Map<String, String> facts) {
        String what = String.format(
                Locale.ROOT,
                "A LoRA adapter of %,d parameters (rank %d) for the %s model `%s`, stored as %s.",
                ParameterLayout.of(config, lora).size(),
                lora.rank(),
                config.modelType(),
                baseName,
                dtype.torchName());
        return text("library_name: peft\n", "text-generation", what, facts);
    }

    private static String text(String library, String pipeline, String what, Map<String, String> facts) {
        StringBuilder card = new StringBuilder("---\n")
                .append(library)
                .append("pipeline_tag: " + pipeline + "\ntags:\n- rpo\n- preference-optimization\n---\n\n")
                .append("# Trained model\n\n")
                .append(what)
                .append(" Written by RPO, a distributed trainer for\n")
                .append("[Regularized Preference Optimization](https://arxiv.org/abs/2405.16436).\n");
        if (!facts.isEmpty()) {
            card.append("\n## Provenance\n\n| | |\n|---|---|\n");
            facts.forEach((key, value) -> card.append("| ")
                    .append(cell(key))
                    .append(" | ")
                    .append(cell(value))
                    .append(" |\n"));
        }
        return card.toString();
    }

    private static String cell(String text) {
        return text.strip().replace("\\", "\\\\").replace("|", "\\|").replaceAll("\\R", "<br>");
    }
}
