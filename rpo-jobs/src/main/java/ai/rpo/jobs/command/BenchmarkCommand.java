package ai.rpo.jobs.command;

import ai.rpo.jobs.pipeline.Stages;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ./rpo benchmark}. */
@Command(
        name = "benchmark",
        mixinStandardHelpOptions = true,
        header = "Measure a model by benchmark tasks.",
        description = {
            "%nAsks the model the questions of rpo.benchmark.tasks, from files in rpo.benchmark.data; writes"
                    + " OUTPUT/benchmark/results.json and, for each task, OUTPUT/benchmark/samples/TASK.jsonl.%n"
        })
public final class BenchmarkCommand implements Callable<Integer> {

    @Mixin
    private JobOptions options;

    @Override
    public Integer call() {
        return new Job("benchmark", options).make(Job.BENCHMARK, Stages::benchmark);
    }
}
