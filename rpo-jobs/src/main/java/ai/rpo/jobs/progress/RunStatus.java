package ai.rpo.jobs.progress;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.Lease.Sign;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * Says how far the command in an output folder is, by the files in it, which may be written meanwhile.
 *
 * @param status {@code status.json}
 * @param holder of the lease; empty where nobody holds it
 * @param run the folder, or the night or round in it that was begun last
 * @param artifacts manifests of finished stages, in the order in which they were made
 * @param metrics the last line of {@code train/metrics.jsonl}
 * @param checkpoints names of those that are kept
 */
public record RunStatus(
        RunDirectory output,
        JsonNode status,
        Optional<Sign> holder,
        RunDirectory run,
        List<Manifest> artifacts,
        Optional<JsonNode> metrics,
        List<String> checkpoints) {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static final List<String> STAGES = List.of(
            "data",
            "reference",
            "sft/data",
            "sft/reference",
            "sft/train",
            "train",
            "eval",
            "generate",
            "rate",
            "judge",
            "benchmark",
            "gates/data",
            "gates/model",
            "report");

    private static final List<String> TRAININGS = List.of("train", "sft/train", "reward/member-0");

    private static final Map<String, String> SHOWN = new LinkedHashMap<>();

    static {
        SHOWN.put("loss", "loss");
        SHOWN.put("rewards/accuracies", "reward accuracy");
        SHOWN.put("rewards/margins", "margin");
        SHOWN.put("logps/chosen", "chosen logp");
        SHOWN.put("learning_rate", "learning rate");
        SHOWN.put("tokens_per_second", "tokens/s");
    }

    /**
     * Reads a folder.
     *
     * @throws RpoException where no command has written to it
     */
    public static RunStatus of(RunDirectory output, Configuration hadoop) {
        JsonNode status = output.file("status.json")
                .read()
                .flatMap(RunStatus::tree)
                .orElseThrow(() -> RpoException.configuration("Cannot say how far " + output.path()
                        + " is: it has no status.json. Name the rpo.output of a command."));
        RunDirectory run = newest(output, hadoop);
        return new RunStatus(
                output,
                status,
                Lease.look(output.path("lease"), hadoop),
                run,
                STAGES.stream()
                        .flatMap(stage -> run.artifact(stage).manifest().stream())
                        .toList(),
                TRAININGS.stream()
                        .flatMap(training -> run.file(training + "/metrics.jsonl").read().stream())
                        .findFirst()
                        .flatMap(RunStatus::last),
                TRAININGS.stream()
                        .flatMap(training -> Stores.names(run.path(training + "/checkpoints"), hadoop).stream())
                        .filter(name -> name.matches("step-\\d+"))
                        .sorted()
                        .toList());
    }

    /** The folder itself, or, where nights or rounds lie in it, the last of them. */
    private static RunDirectory newest(RunDirectory output, Configuration hadoop) {
        for (String folder : List.of("nights", "online")) {
            Optional<String> last = Stores.names(output.path(folder), hadoop).stream()
                    .filter(name -> name.matches("(round-)?\\d+"))
                    .max(String::compareTo);
            if (last.isPresent()) {
                return output.below(folder + "/" + last.get());
            }
        }
        return output;
    }

    private static Optional<JsonNode> last(String lines) {
        return lines.lines()
                .filter(line -> !line.isBlank())
                .reduce((before, line) -> line)
                .flatMap(RunStatus::tree);
    }

    private static Optional<JsonNode> tree(String json) {
        try {
            return Optional.of(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** One screen. */
    public List<String> lines(Instant now) {
        List<String> lines = new ArrayList<>();
        lines.add(line("command", command(now)));
        if (isRunning()) {
            lines.add(line("stage", stage(now)));
        }
        lines.add(line("holder", holder.map(Sign::toString).orElse("nobody")));
        if (isAbandoned()) {
            lines.add(line("", "The command was killed. Run it again; it goes on where it was."));
        }
        if (!run.path().equals(output.path())) {
            lines.add(line("run", run.path().toString()));
        }
        artifacts.forEach(made -> lines.add(line("made", describe(made))));
        metrics.ifPresent(line -> lines.add(line("step", describe(line))));
        if (!checkpoints.isEmpty()) {
            lines.add(line("kept", "checkpoints " + String.join(", ", checkpoints)));
        }
        if (!text("note").isEmpty()) {
            lines.add(line("note", text("note")));
        }
        if (!text("error").isEmpty()) {
            lines.add(line("failure", text("error")));
        }
        return lines;
    }

    private static String line(String what, String text) {
        return String.format(Locale.ROOT, "%-9s %s", what, text);
    }

    private boolean isRunning() {
        return text("state").equals("running");
    }

    private boolean isAbandoned() {
        return isRunning() && holder.filter(Sign::mayLive).isEmpty();
    }

    private String command(Instant now) {
        Instant started = Instant.parse(text("started_at"));
        Instant until = isRunning() && !isAbandoned() ? now : Instant.parse(text("updated_at"));
        return text("command") + ", " + (isAbandoned() ? "abandoned" : text("state"))
                + (status.path("exit_code").isInt() && status.path("exit_code").asInt() != 0
                        ? " with exit code " + status.path("exit_code").asInt()
                        : "")
                + (isRunning() && !isAbandoned() ? " for " : " after ")
                + Durations.text(Duration.between(started, until))
                + ", begun " + started.truncatedTo(ChronoUnit.SECONDS);
    }

    private String stage(Instant now) {
        long done = status.path("done").asLong();
        long total = status.path("total").asLong();
        String name = text("stage").isEmpty() ? "none yet" : text("stage");
        return name
                + (total == 0
                        ? ""
                        : String.format(Locale.ROOT, ": %,d of %,d (%d %%)", done, total, 100 * done / total))
                + ", said " + Durations.text(Duration.between(Instant.parse(text("updated_at")), now)) + " ago";
    }

    private static String describe(Manifest made) {
        return made.stage() + " at " + made.createdAt().truncatedTo(ChronoUnit.SECONDS)
                + made.counts().entrySet().stream()
                        .map(count -> String.format(
                                Locale.ROOT,
                                "%,d %s",
                                count.getValue(),
                                count.getKey().replace('_', ' ')))
                        .collect(Collectors.joining(", ", made.counts().isEmpty() ? "" : ": ", ""));
    }

    private static String describe(JsonNode line) {
        return String.format(Locale.ROOT, "%,d", line.path("step").asLong())
                + SHOWN.entrySet().stream()
                        .filter(shown -> line.path(shown.getKey()).isNumber())
                        .map(shown -> shown.getValue() + " "
                                + String.format(
                                        Locale.ROOT,
                                        "%.4g",
                                        line.path(shown.getKey()).asDouble()))
                        .collect(Collectors.joining(", ", ": ", ""));
    }

    private String text(String field) {
        JsonNode value = status.path(field);
        return value.isTextual() ? value.asText() : "";
    }
}
