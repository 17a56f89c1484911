package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.judge.JudgeSettings.By;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Makes judges of their settings. */
public final class Judges {

    private Judges() {}

    /**
     * The judge that {@code rpo.judge.by} names; nobody is asked yet.
     *
     * @param chatTemplate how a model that judges writes conversations
     * @param precision of a model that judges
     * @param allowMissing whether questions may stay without an answer
     * @param cache folder of answers
     * @param requests folder for batch files
     * @throws RpoException naming the key that has no value, or what it names that cannot be used
     */
    public static Judge open(
            SparkSession spark,
            JudgeSettings settings,
            TemplateChoice chatTemplate,
            Precision precision,
            boolean allowMissing,
            Path cache,
            Path requests) {
        return switch (by(settings)) {
            case ENDPOINT -> new AskStage(spark, endpoint(settings.endpoint(), allowMissing), cache);
            case BATCH ->
                new BatchJudge(spark, batchModel(settings), settings.batch().results(), cache, requests, allowMissing);
            case MODEL ->
                new AskStage(
                        spark,
                        new ModelSource(
                                LocalModel.of(
                                        modelPath(settings),
                                        settings.model().base(),
                                        spark.sparkContext().hadoopConfiguration()),
                                chatTemplate,
                                precision,
                                settings.model().questionsAtOnce(),
                                allowMissing),
                        cache);
            case PROGRAM -> new ProgramJudge(spark, settings.program());
            case NONE -> throw new IllegalStateException("nobody judges");
        };
    }

    /**
     * Looks for what {@link #open} would refuse, as far as that needs neither a model nor Spark.
     *
     * @throws RpoException naming the key that has no value, or the environment variable that is not set
     */
    public static void require(JudgeSettings settings, boolean allowMissing) {
        switch (by(settings)) {
            case ENDPOINT -> endpoint(settings.endpoint(), allowMissing);
            case BATCH -> batchModel(settings);
            case MODEL -> modelPath(settings);
            case PROGRAM, NONE -> {}
        }
    }

    private static By by(JudgeSettings settings) {
        By by = settings.by().orElseThrow(() -> missing("by", "endpoint, batch, model or program"));
        if (by == By.NONE) {
            throw RpoException.configuration("Cannot judge: rpo.judge.by is none, and there are answers to be judged."
                    + " Give endpoint, batch, model or program, or name judgments that are to be counted in"
                    + " rpo.judge.annotations instead.");
        }
        return by;
    }

    private static String batchModel(JudgeSettings settings) {
        return settings.batch().model().orElseThrow(() -> missing("batch.model", "the model to be asked"));
    }

    private static String modelPath(JudgeSettings settings) {
        return settings.model().path().orElseThrow(() -> missing("model.path", "a model's folder"));
    }

    private static EndpointSource endpoint(EndpointSettings settings, boolean allowMissing) {
        if (settings.url().isEmpty()) {
            throw missing("endpoint.url", "the address of a server, such as https://HOST/v1");
        }
        if (settings.model().isEmpty()) {
            throw missing("endpoint.model", "the model to be asked");
        }
        EndpointKey key = settings.keyEnv()
                .map(variable -> EndpointKey.of(variable, System::getenv))
                .orElse(null);
        return new EndpointSource(settings, key, allowMissing);
    }

    private static RpoException missing(String key, String what) {
        return RpoException.configuration("Cannot judge: rpo.judge." + key + " has no value. Give " + what
                + " in a file, or as -D rpo.judge." + key + "=….");
    }
}
