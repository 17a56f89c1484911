package ai.rpo.jobs.report;

import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Says which runs to set side by side.
 *
 * @param title of the page
 * @param lead one line below it
 * @param setup paragraphs on what was done, for readers who were not there
 * @param runs run directories; runs with the same η are taken for seeds of one variant
 */
public record Comparison(String title, String lead, List<String> setup, List<Path> runs) {

    public Comparison {
        setup = List.copyOf(setup);
        runs = List.copyOf(runs);
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("a comparison needs at least one run");
        }
    }
}
