package ai.rpo.jobs.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Writes run directories whose curves have a known course. */
final class SyntheticRun {

    static final int EPOCHS = 8;
    static final int STEPS_PER_EPOCH = 16;

    private final Path directory;

    private SyntheticRun(Path directory) {
        this.directory = directory;
    }

    org.apache.hadoop.fs.Path path() {
        return new org.apache.hadoop.fs.Path(directory.toUri());
    }

    SyntheticRun file(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        return this;
    }

    /**
     * @param chosenSlope nats that the chosen log-probability moves an epoch
     * @param gold mean gold reward at epochs 0, 1, …
     */
    static SyntheticRun write(Path directory, double eta, long seed, double chosenSlope, double... gold)
            throws IOException {
        SyntheticRun run = new SyntheticRun(directory);
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int step = 1; step <= EPOCHS * STEPS_PER_EPOCH; step++) {
            double epoch = (double) step / STEPS_PER_EPOCH;
            double chosen = -5 + chosenSlope * epoch + 0.3 * random.nextGaussian();
            double margin = 0.25 * epoch + 0.05 * random.nextGaussian();
            ObjectNode row = RunArtifacts.JSON.createObjectNode();
            double preference = Math.log1p(Math.exp(-margin));
            row.put("step", step).put("epoch", epoch).put("loss", preference - eta * 0.1 * chosen);
            row.put("loss/preference", preference).put("loss/sft", -chosen).put("learning_rate", 3e-4);
            row.put("grad_norm", Math.exp(0.3 * random.nextGaussian()))
                    .put("tokens_per_second", 9000 + 500 * random.nextGaussian());
            row.put("logps/chosen", chosen).put("logps/rejected", chosen - 4 - 10 * margin);
            row.put("rewards/chosen", chosenSlope * epoch / 10)
                    .put("rewards/rejected", chosenSlope * epoch / 10 - margin);
            row.put("rewards/margins", margin).put("rewards/accuracies", 0.5 + 0.45 * (1 - Math.exp(-epoch)));
            if (step % STEPS_PER_EPOCH == 0) {
                row.put("round/overhead_share", 0.04).put("held_out/loss/preference", preference + 0.01);
            }
            lines.append(row).append('\n');
        }
        run.file("train/metrics.jsonl", lines.toString());
        run.file("eval/metrics.json", """
                {"pairs": 96, "loss": {"mean": 0.61, "low": 0.55, "high": 0.67},
                 "loss/preference": {"mean": 0.58, "low": 0.52, "high": 0.64},
                 "rewards/accuracies": {"mean": 0.71, "low": 0.61, "high": 0.79},
                 "rewards/margins": {"mean": 0.83, "low": 0.6, "high": 1.06},
                 "logps/chosen": {"mean": -6.1, "low": -6.9, "high": -5.3},
                 "logps/rejected": {"mean": -13.4, "low": -14.6, "high": -12.2}}
                """);
        run.file("data/report.json", """
                {"train": {"read": 520, "kept": 512}, "dropped": [
                  {"reason": "empty completion", "rows": 5, "example": "line 17"},
                  {"reason": "longer than max-length", "rows": 3, "example": "line 203"}]}
                """);
        run.file(
                "data/train/manifest.json",
                "{\"stage\": \"prepare\", \"fingerprint\": {\"rpo.data.max-length\": \"64\"}, \"digest\": \"9f2c\"}");
        run.file("status.json", """
                {"command": "run", "stage": "evaluate", "state": "succeeded",
                 "started_at": "2024-05-27T08:00:00Z", "updated_at": "2024-05-27T08:00:41.5Z"}
                """);
        run.file("resolved.conf", """
                rpo { output = "%s", objective { beta = 0.1, eta = %s, regularizer { reduction = sum } }, train { seed = %d, epochs = 8 } }
                """.formatted(directory.getFileName(), eta, seed));
        if (gold.length > 0) {
            run.gold(gold);
        }
        return run;
    }

    private void gold(double... gold) throws IOException {
        List<GoldRecord.Epoch> epochs = java.util.stream.IntStream.range(0, gold.length)
                .mapToObj(epoch -> new GoldRecord.Epoch(epoch, gold[epoch]))
                .toList();
        List<GoldRecord.Sample> samples = List.of(
                new GoldRecord.Sample("a b c d e f", "a b c d e f", true, 1.0),
                new GoldRecord.Sample("p p a k c d", "p p k a c d", true, 0.667));
        file(GoldRecord.FILE, RunArtifacts.JSON.writeValueAsString(new GoldRecord(256, 1, epochs, samples)));
    }
}
