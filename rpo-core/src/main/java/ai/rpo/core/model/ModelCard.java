package ai.rpo.core.model;

import java.util.Locale;
import java.util.Map;

/** The {@code README.md} of an exported model: what it is and where it came from. */
final class ModelCard {

    private ModelCard() {}

    static String text(ModelConfig config, Dtype dtype, Map<String, String> facts) {
        StringBuilder card = new StringBuilder()
                .append("---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- rpo\n")
                .append("- preference-optimization\n---\n\n# Trained model\n\n")
                .append(String.format(
                        Locale.ROOT,
                        "A %s model of %,d parameters, stored as %s. Written by RPO, a distributed trainer for\n"
                                + "[Regularized Preference Optimization](https://arxiv.org/abs/2405.16436).\n",
                        config.modelType(),
                        ParameterLayout.of(config).size(),
                        dtype.torchName()));
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
