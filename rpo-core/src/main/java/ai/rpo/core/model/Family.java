package ai.rpo.core.model;

import java.util.List;

/** One {@code model_type}: how its {@code config.json} is read. */
interface Family {

    /** Every family there is. */
    List<Family> ALL = List.of(
            new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gemma(), new Gemma2(), new Phi3(), new Gpt2());

    String modelType();

    /**
     * @throws ai.rpo.core.RpoException naming what is not supported
     */
    ModelConfig read(JsonObject config);
}
