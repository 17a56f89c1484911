package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What {@link PrepareReport} says of data prepared before, held against the limits of today. */
public final class PreparedFindings {

    private final JsonNode report;

    /** @param report text of {@code report.json} */
    public PreparedFindings(String report) {
        try {
            this.report = new ObjectMapper().readTree(report);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * @throws RpoException where there is more than a limit allows
     */
    public void stopAbove(DataSettings settings) {
        DataSettings.PairLimits limits = settings.limits();
        long kept = count("rows_kept");
        check(
                count("rows_rejected"),
                count("rows_in"),
                report.path("rejected_fraction").asDouble(),
                settings.maxRejectedFraction(),
                "max-rejected-fraction",
                "are unfit");
        check("duplicates", kept, limits.maxDuplicateFraction(), "max-duplicate-fraction", "repeat another row");
        check("label_conflicts", kept, limits.maxConflictFraction(), "max-conflict-fraction", "stand in both orders");
        check(
                "leaked_prompts",
                report.path("eval").path("rows").asLong(),
                limits.maxLeakedFraction(),
                "max-leaked-fraction",
                "are held out while their prompt is trained on");
    }

    private long count(String name) {
        return report.path(name).asLong();
    }

    private void check(String kind, long of, double limit, String key, String what) {
        long rows = report.path(kind).path("rows").asLong();
        check(rows, of, of == 0 ? 0 : (double) rows / of, limit, "limits." + key, what);
    }

    private static void check(long rows, long of, double fraction, double limit, String key, String what) {
        if (fraction > limit) {
            throw RpoException.data("Cannot use the prepared data: " + rows + " of " + of + " rows " + what
                    + ", more than rpo.data." + key + " = " + limit + " allows. Mend the data, or raise the limit.");
        }
    }
}
