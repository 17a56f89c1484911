package ai.rpo.jobs.pipeline;

import ai.rpo.core.text.TemplateChoice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Says how a model writes conversations, and what that depends on.
 *
 * @param key of the model's settings, such as {@code rpo.model}
 * @param model path of its folder
 * @param files tells what lies there, and in the folder of the model that an adapter adapts
 */
record ModelTemplate(String key, String model, InputFingerprints files, TemplateChoice choice) {

    /** Gives what a stage depends on that has the model write or read conversations. */
    Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("tokenizer of " + key + ".path", files.tokenizer(model));
        values.put("chat template of " + key + ".path", files.template(model));
        values.put(key + ".chat-template", InputFingerprints.text(Optional.ofNullable(choice.template())));
        if (choice.date() != null) {
            values.put("rpo.model.template-date", choice.date().toString());
        }
        return values;
    }
}
