package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.ScratchMemory;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.SparkLauncher;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.network.util.JavaUtils;

/**
 * Native memory that scoring and training need in one executor, in bytes: weights once, and for each model in training
 * its gradients, moments and scratch memory. Rows are taken to be as long as they may be, half of each the prompt. Heap,
 * and what a backend keeps to itself, come on top.
 */
final class MemoryNeed {

    private final long scoring;
    private final long training;
    private final long trained;
    private final TrainSettings train;
    private final boolean lora;

    MemoryNeed(ModelDirectory start, Settings settings, TrainSettings train) {
        this.train = train;
        ModelConfig config = start.config();
        Optional<Lora> adapter = settings.lora().on(start);
        lora = adapter.isPresent();
        long weights = ParameterLayout.of(config).size();
        trained = adapter.map(own -> ParameterLayout.of(config, own).size()).orElse(weights);
        int length = Math.min(settings.data().maxLength().orElse(config.contextLength()), config.contextLength());
        long moments = train.optimizer() == TrainSettings.Optimizer.ADAMW ? 2 : 0;
        long scratch =
                ScratchMemory.ofTraining(config, adapter, length, train.tokensPerMicroBatch(), train.recompute());
        scoring = Float.BYTES
                * (weights
                        + ScratchMemory.ofScoring(
                                config, length, settings.reference().tokensPerBatch()));
        training = Float.BYTES * ((lora ? weights : 0) + (2 + moments) * trained + scratch);
    }

    String describe() {
        return String.format(
                Locale.ROOT,
                "%,d MB to score, %,d MB to train %,d parameters, for one task in an executor, heap apart",
                scoring >> 20,
                training >> 20,
                trained);
    }

    /** @throws RpoException naming what would make it fit, if one task surely does not */
    void requireFits(SparkLauncher spark) {
        boolean local = spark.master().startsWith("local");
        long room = local ? physical() : overhead(spark);
        if (Math.max(scoring, training) <= room) {
            return;
        }
        throw RpoException.configuration(String.format(
                Locale.ROOT,
                "Cannot run in %,d MB of native memory: scoring needs %,d MB, training %,d MB. %s%s",
                room >> 20,
                scoring >> 20,
                training >> 20,
                training > room ? remedies() : "Lower rpo.reference.tokens-per-batch or rpo.data.max-length",
                local ? ", or use a machine with more memory." : ", or raise spark.executor.memoryOverhead."));
    }

    private String remedies() {
        StringBuilder remedies = new StringBuilder("Lower rpo.train.tokens-per-micro-batch or rpo.data.max-length");
        if (!train.recompute()) {
            remedies.append(", set rpo.train.recompute = true");
        }
        if (!lora) {
            remedies.append(", train an adapter with rpo.lora.rank");
        }
        return remedies.toString();
    }

    /** What a cluster gives an executor beside its heap, as far as that is told; the memory of GPUs is not. */
    private static long overhead(SparkLauncher spark) {
        return spark.setting("spark.executor.resource.gpu.amount").isPresent()
                ? Long.MAX_VALUE
                : spark.setting("spark.executor.memoryOverhead")
                        .map(given -> JavaUtils.byteStringAsMb(given) << 20) // a plain number counts megabytes
                        .orElse(Long.MAX_VALUE);
    }

    private static long physical() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : Long.MAX_VALUE;
    }
}
