package ai.rpo.jobs.command;

import ai.rpo.core.Progress;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Decision;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.StatusFile;
import ai.rpo.spark.store.RunDirectory;
import java.util.List;
import java.util.function.Function;

/**
 * A command that holds its output folder, and what it works with.
 *
 * @param output behind the lease
 * @param spark started when first asked for a session
 */
record RunningCommand(
        ResolvedConfiguration configuration,
        RunDirectory output,
        SparkLauncher spark,
        StatusFile status,
        Display display) {

    /**
     * Makes a stage's artifact in a run directory, and before it those that it needs.
     *
     * @param run the output folder, or one in it that is behind the same lease
     */
    void make(ResolvedConfiguration configuration, RunDirectory run, Function<Stages, Stage> target) {
        Progress progress = (what, done, total) -> {
            display.update(what, done, total);
            status.update(done, total);
        };
        Stages stages = new Stages(configuration, run, spark, remark -> say("note", remark));
        Pipeline pipeline = new Pipeline(run, configuration.settings().overwrite(), ProgramVersion.get());
        List<Decision> plan = pipeline.plan(target.apply(stages));
        run.file("resolved.conf").write(configuration.text());
        pipeline.execute(plan, progress, new ConsoleListener(System.out, display, status, run));
    }

    /** Tells the person before the screen. */
    void say(String what, String text) {
        display.close();
        System.out.printf("%-9s %s%n", what, text);
    }
}
