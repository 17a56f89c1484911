package ai.rpo.spark.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code training_state.json} of a checkpoint. The order of the data and the learning rate follow from the step.
 *
 * @param run what the training depends on
 * @param epoch epochs finished
 * @param step optimizer steps taken
 * @param optimizerSteps those that the moments have seen: more, where they came from another training
 * @param checksums SHA-256 of each file of the checkpoint
 * @param history held-out scores of this checkpoint and those before
 */
record CheckpointState(
        String run, int epoch, long step, long optimizerSteps, Map<String, String> checksums, HeldOutHistory history) {

    private static final ObjectMapper JSON = new ObjectMapper();

    CheckpointState with(HeldOutHistory other) {
        return new CheckpointState(run, epoch, step, optimizerSteps, checksums, other);
    }

    String toJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("run", run).put("epoch", epoch).put("step", step).put("optimizer_steps", optimizerSteps);
        ObjectNode files = root.putObject("sha256");
        checksums.forEach(files::put);
        ArrayNode scores = root.putArray("held_out_costs");
        history.scores()
                .forEach(score -> scores.addObject().put("step", score.step()).put("cost", score.cost()));
        return root.toPrettyString();
    }

    /** @throws IllegalArgumentException if the text is not what {@link #toJson} writes */
    static CheckpointState fromJson(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
        if (!root.path("epoch").isIntegralNumber()
                || !root.path("step").isIntegralNumber()
                || !root.path("sha256").isObject()) {
            throw new IllegalArgumentException("it lacks epoch, step or sha256");
        }
        Map<String, String> checksums = new TreeMap<>();
        root.path("sha256")
                .fields()
                .forEachRemaining(
                        file -> checksums.put(file.getKey(), file.getValue().asText()));
        HeldOutHistory history = HeldOutHistory.EMPTY;
        for (JsonNode score : root.path("held_out_costs")) {
            history =
                    history.and(score.path("step").asLong(), score.path("cost").asDouble());
        }
        return new CheckpointState(
                root.path("run").asText(),
                root.path("epoch").asInt(),
                root.path("step").asLong(),
                root.path("optimizer_steps").asLong(root.path("step").asLong()),
                checksums,
                history);
    }
}
