package ai.rpo.jobs.retrain;

import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.util.Locale;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;

/** The run directories of an output folder's nights, {@code nights/0001} and on. */
public final class Nights {

    private static final String FOLDER = "nights";
    private static final String NOTE = "night.json";

    private final RunDirectory output;
    private final Configuration hadoop;

    public Nights(RunDirectory output, Configuration hadoop) {
        this.output = output;
        this.hadoop = hadoop;
    }

    /**
     * Finds where a night's work goes: where the last night's lies if it is the same night, which then goes on, or to a new
     * folder.
     *
     * @param text of the night's note, which may depend on what lies in its folder
     */
    public RunDirectory of(Function<RunDirectory, String> text) {
        int last = Stores.names(output.path(FOLDER), hadoop).stream()
                .filter(name -> name.matches("\\d{1,9}"))
                .mapToInt(Integer::parseInt)
                .max()
                .orElse(0);
        RunDirectory before = folder(last);
        if (before.file(NOTE)
                .read()
                .filter(note -> note.equals(text.apply(before)))
                .isPresent()) {
            return before;
        }
        RunDirectory next = folder(last + 1);
        next.file(NOTE).write(text.apply(next));
        return next;
    }

    private RunDirectory folder(int number) {
        return output.below(String.format(Locale.ROOT, "%s/%04d", FOLDER, number));
    }
}
