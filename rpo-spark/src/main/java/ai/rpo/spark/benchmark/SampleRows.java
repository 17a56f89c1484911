package ai.rpo.spark.benchmark;

import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.Question;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes and reads what became of each question, as JSON lines. A shard's lines name the task and its group, those of a task do not. */
final class SampleRows {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TASK = "task";
    private static final String GROUP = "group";

    private SampleRows() {}

    /** Makes the row of a question whose continuations were scored. */
    static ObjectNode scored(
            Question question,
            List<String> contexts,
            List<String> continuations,
            double[] logLikelihoods,
            Map<String, Double> grades) {
        ObjectNode row = begin(question, contexts);
        continuations.forEach(row.putArray("continuations")::add);
        ArrayNode list = row.putArray("loglikelihoods");
        for (double value : logLikelihoods) {
            list.add(value);
        }
        grades.forEach(row::put);
        return row;
    }

    /**
     * Makes the row of a question that was answered.
     *
     * @param error what went wrong with the program that the answer is
     */
    static ObjectNode answered(
            Question question, String context, String response, Optional<String> error, Map<String, Double> grades) {
        ObjectNode row = begin(question, List.of(context));
        row.put("response", response);
        error.ifPresent(text -> row.put("error", text));
        grades.forEach(row::put);
        return row;
    }

    private static ObjectNode begin(Question question, List<String> contexts) {
        ObjectNode row = JSON.createObjectNode();
        row.put(TASK, question.task().key());
        row.put(GROUP, question.group());
        row.put("doc", question.doc());
        if (contexts.size() == 1) {
            row.put("context", contexts.get(0));
        } else {
            contexts.forEach(row.putArray("context")::add);
        }
        return row;
    }

    /**
     * A line of a shard, taken apart.
     *
     * @param line without what only a shard has to say
     */
    record Sample(BenchmarkTask task, String group, Map<String, Double> grades, String line) {}

    static Sample read(String line) {
        try {
            ObjectNode row = (ObjectNode) JSON.readTree(line);
            BenchmarkTask task = BenchmarkTask.named(row.remove(TASK).asText()).orElseThrow();
            String group = row.remove(GROUP).asText();
            Map<String, Double> grades = new LinkedHashMap<>();
            task.metrics().stream()
                    .filter(row::has)
                    .forEach(metric -> grades.put(metric, row.get(metric).doubleValue()));
            return new Sample(task, group, grades, row.toString());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a shard has a line that was not written here: " + line, e);
        }
    }
}
