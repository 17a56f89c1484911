package ai.rpo.core.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Describes the head of a reward model: one number of a completion instead of logits, {@code score.weight [1, hidden]}
 * times the final hidden state of its last token, without a bias.
 *
 * @param mean and {@code deviation} say what rewards are normalised with, {@code (number − mean)/deviation}; 0 and 1
 *     where the file has none
 * @param padding a token that is passed over at the end of a completion, as transformers does it
 */
public record RewardHead(double mean, double deviation, OptionalInt padding) {

    /** A head whose numbers are rewards as they are. */
    public static final RewardHead PLAIN = new RewardHead(0, 1, OptionalInt.empty());

    /** Says what transformers calls the weight, without {@code .weight}. */
    static final String NAME = "score";

    /** Says what OpenRLHF called it. */
    static final String OTHER_NAME = "value_head";

    static final String CLASSIFIER = "ForSequenceClassification";
    private static final String OF_OPENRLHF = "RewardModel";
    private static final String NORMALIZE = "normalize_reward";
    private static final String PREFIX = "value_head_prefix";
    private static final String ARCHITECTURES = "architectures";
    private static final String MODEL_TYPE = "model_type";

    /** Tells whether a {@code config.json} says that its model has such a head, or one with more labels. */
    static boolean isSaidBy(JsonObject config) {
        return architectures(config).stream().anyMatch(name -> name.endsWith(CLASSIFIER) || name.equals(OF_OPENRLHF))
                || config.has(NORMALIZE)
                || config.has(PREFIX);
    }

    /**
     * Reads what a {@code config.json} says of the head, as transformers and OpenRLHF write it.
     *
     * @throws ai.rpo.core.RpoException if there are several labels
     */
    static RewardHead read(JsonObject config) {
        config.object("id2label")
                .ifPresent(
                        labels -> requireOne(config, "id2label", labels.keys().size()));
        requireOne(config, "num_labels", config.positiveInt("num_labels", 1));
        boolean normalised = config.has("mean") && config.has("std");
        boolean classifier = architectures(config).stream().anyMatch(name -> name.endsWith(CLASSIFIER));
        List<Integer> padding = classifier ? config.ids("pad_token_id", List.of()) : List.of();
        return new RewardHead(
                normalised ? config.number("mean") : 0,
                normalised ? config.positive("std") : 1,
                padding.isEmpty() ? OptionalInt.empty() : OptionalInt.of(padding.get(0)));
    }

    /**
     * The head with which a model is trained: padding, without which transformers takes no batch, is a token that ends
     * no completion, so that it is seen at the same token here and there.
     *
     * @param ends ids that end a completion
     */
    RewardHead forTraining(JsonObject config, List<Integer> ends) {
        if (padding.isPresent()) {
            return this;
        }
        int chosen = Stream.of("pad_token_id", "bos_token_id")
                .flatMap(key -> config.ids(key, List.of()).stream())
                .filter(id -> !ends.contains(id))
                .findFirst()
                .orElseGet(() -> IntStream.range(0, ends.size() + 1)
                        .filter(id -> !ends.contains(id))
                        .findFirst()
                        .orElseThrow());
        return new RewardHead(mean, deviation, OptionalInt.of(chosen));
    }

    private static void requireOne(JsonObject config, String key, int labels) {
        if (labels != 1) {
            throw config.refuse(
                    key, "but a reward model has one label", "Use a reward model, not a classifier of several labels");
        }
    }

    /**
     * Changes a copy of a {@code config.json} to that of a sequence classifier with one label. What normalised the
     * rewards of the model before does not go with other weights.
     */
    void write(JsonObject source, ObjectNode copy) {
        copy.putArray(ARCHITECTURES).add(architecture(source));
        copy.putObject("id2label").put("0", "LABEL_0");
        copy.putObject("label2id").put("LABEL_0", 0);
        copy.remove(List.of("num_labels", "mean", "std", NORMALIZE, PREFIX));
        padding.ifPresent(id -> copy.put("pad_token_id", id));
    }

    /**
     * Gives what transformers calls the class of a model with this head.
     *
     * @throws ai.rpo.core.RpoException if it has none for the family
     */
    static String architecture(JsonObject config) {
        return Family.named(config.text(MODEL_TYPE, ""))
                .flatMap(Family::classifier)
                .orElseThrow(() -> config.refuse(
                        MODEL_TYPE,
                        "of which transformers has no class that gives rewards",
                        "Train a reward model of another family"))
                .concat(CLASSIFIER);
    }

    private static List<String> architectures(JsonObject config) {
        return config.isEmpty(ARCHITECTURES) ? List.of() : config.texts(ARCHITECTURES);
    }

    /** The reward that the head's number stands for. */
    public double reward(double number) {
        return (number - mean) / deviation;
    }
}
