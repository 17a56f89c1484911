package ai.rpo.jobs.report;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Holds what {@code benchmark/results.json} says, a line a metric. */
public final class BenchmarkScores {

    /** Says where a run has it. */
    static final String FILE = "benchmark/results.json";

    private static final String ERROR = "_stderr";

    /** 97.5 % quantile of the standard normal distribution. */
    private static final double Z = 1.959963984540054;

    private BenchmarkScores() {}

    /**
     * A metric of a task.
     *
     * @param n questions
     * @param shots examples in each prompt
     * @param estimate a share from 0 to 1, with its 95 % interval where there is one
     */
    public record Score(String task, long n, int shots, String metric, Estimate estimate) {

        @Override
        public String toString() {
            String interval = estimate.hasInterval()
                    ? String.format(Locale.ROOT, ", 95 %% interval %.4f to %.4f", estimate.low(), estimate.high())
                    : "";
            return String.format(
                    Locale.ROOT,
                    "%-14s %-20s %.4f%s, %,d questions, %d shots",
                    task,
                    metric,
                    estimate.mean(),
                    interval,
                    n,
                    shots);
        }
    }

    /**
     * Reads the file's text.
     *
     * @throws RpoException where it is damaged
     */
    public static List<Score> read(String text) {
        try {
            return of(RunArtifacts.JSON.readTree(text));
        } catch (JsonProcessingException e) {
            throw RpoException.data("Cannot read " + FILE + ": it is not JSON (" + e.getOriginalMessage()
                    + "). Run the command benchmark again.");
        }
    }

    static List<Score> of(JsonNode results) {
        List<Score> scores = new ArrayList<>();
        results.properties().forEach(task -> task.getValue().properties().stream()
                .filter(value -> task.getValue().has(value.getKey() + ERROR))
                .forEach(value -> scores.add(new Score(
                        task.getKey(),
                        task.getValue().path("n").asLong(),
                        task.getValue().path("shots").asInt(),
                        value.getKey(),
                        estimate(value.getValue().asDouble(), task.getValue().path(value.getKey() + ERROR))))));
        return scores;
    }

    private static Estimate estimate(double mean, JsonNode error) {
        // Where all questions have one grade, the standard error of 0 says nothing of others.
        double half = error.asDouble() > 0 ? Z * error.asDouble() : Double.NaN;
        return new Estimate(mean, Math.max(0, mean - half), Math.min(1, mean + half));
    }

    /** A table of them; nothing where there are none. */
    static Html table(List<Score> scores) {
        if (scores.isEmpty()) {
            return Html.EMPTY;
        }
        List<Html> rows = scores.stream()
                .map(score -> Html.of(
                        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
                                + "<td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
                        score.task(),
                        score.metric(),
                        Numbers.format(score.estimate().mean()),
                        score.estimate().hasInterval()
                                ? Numbers.format(score.estimate().low())
                                : "–",
                        score.estimate().hasInterval()
                                ? Numbers.format(score.estimate().high())
                                : "–",
                        Numbers.format(score.n()),
                        Numbers.format(score.shots())))
                .toList();
        return Html.of("""
                <p class="note">Shares from 0 to 1 with 95 % intervals, as benchmark/results.json has them; each question is in benchmark/samples.</p>\
                <div class="scroll"><table><thead><tr><th scope="col">task</th><th scope="col">metric</th>\
                <th scope="col" class="number">mean</th><th scope="col" class="number">low</th><th scope="col" class="number">high</th>\
                <th scope="col" class="number">questions</th><th scope="col" class="number">shots</th></tr></thead>\
                <tbody>{}</tbody></table></div>
                """, rows);
    }
}
