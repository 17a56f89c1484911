package ai.rpo.spark.prepare;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Says what {@link PrepareReport} says of data prepared before, held against the limits of today. */
public final class PreparedFindings {

    private static final List<String> REMARKS = List.of(
            "special_tokens_kept_as_text",
            "generation_prompts_cut",
            "completions_that_repeat_the_prompt",
            "completions_that_end_with_the_user");

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

    /**
     * Counts of how many kept rows there is something to say, by its name in the report; nothing where there are none.
     */
    public Map<String, Long> remarks() {
        Map<String, Long> remarks = new LinkedHashMap<>();
        for (String name : REMARKS) {
            long rows = report.path("train").path(name).asLong()
                    + report.path("eval").path(name).asLong();
            if (rows > 0) {
                remarks.put(name, rows);
            }
        }
        return remarks;
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
