package ai.rpo.jobs.demo;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes what the base model was trained from: an untrained model of its shape and the careless writer's answers.
 * With them {@code ./rpo sft --config conf/demo-sft.conf} makes the base model.
 */
public final class SupervisedData {

    /** 400 batches of 64. */
    private static final int ROWS = 25_600;

    private static final long DATA_SEED = 20_240_527;
    private static final long MODEL_SEED = 1;

    private SupervisedData() {}

    /**
     * @param folder gets {@code untrained/} and {@code answers.jsonl}
     * @throws RpoException where the folder already holds an untrained model, or cannot be written
     */
    public static void write(Path folder) {
        try {
            Path base = Files.createTempDirectory("rpo-base-");
            BaseModel.unpack(base);
            WorldFiles.writeUntrainedModel(folder.resolve("untrained"), base, MODEL_SEED);
            WorldFiles.writeExamples(folder.resolve("answers.jsonl"), ROWS, DATA_SEED);
            DemoFolder.delete(base);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    String.format(
                            Locale.ROOT, "Cannot write to %s: %s. Check the disk's space and permissions.", folder, e),
                    e);
        }
    }
}
