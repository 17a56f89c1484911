package ai.rpo.core.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One {@code model_type}: how its {@code config.json} is read. */
interface Family {

    /** Every family there is. */
    List<Family> ALL = List.of(
            new Llama(),
            new Mistral(),
            new Mixtral(),
            new Ministral3(),
            new Qwen2(),
            new Qwen2Moe(),
            new Qwen3(),
            new Qwen3Moe(),
            new Gemma(),
            new Gemma2(),
            new Gemma3(),
            new Olmo2(),
            new Olmo3(),
            new Olmoe(),
            new SmolLm3(),
            new Granite(),
            new Exaone4(),
            new Glm4(),
            new Cohere2(),
            new StableLm(),
            new Starcoder2(),
            new Phi(),
            new Phi3(),
            new GptNeoX(),
            new GptOss(),
            new Gpt2());

    static Optional<Family> named(String modelType) {
        return ALL.stream()
                .filter(family -> family.modelType().equals(modelType))
                .findFirst();
    }

    String modelType();

    /** Keys of {@code rope_parameters} that this family alone knows. */
    default Set<String> ownRotaryKeys() {
        return Set.of();
    }

    /** Tells whether it is a mixture of experts; of the others one that says it has some is refused. */
    default boolean hasExperts() {
        return false;
    }

    /**
     * Says what transformers calls its reward models' class, before {@code ForSequenceClassification}; empty where it has
     * none.
     */
    default Optional<String> classifier() {
        return Optional.of(Stream.of(modelType().split("_"))
                .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining()));
    }

    /**
     * @throws ai.rpo.core.RpoException naming what is not supported
     */
    ModelConfig read(JsonObject config);
}
