package ai.rpo.jobs.report;

import java.util.List;

/**
 * One sentence that was computed from the data.
 *
 * @param topic what it is about, in a few words
 * @param verdict how it relates to what the paper says
 * @param text a sentence or two with the numbers
 */
public record Finding(String topic, Verdict verdict, String text) {

    /** Against what the paper says. */
    public enum Verdict {
        AGREES,
        DIFFERS,
        /** States a fact, or cannot decide. */
        NEUTRAL
    }

    static Html list(List<Finding> findings) {
        List<Html> items = findings.stream()
                .map(finding -> Html.of(
                        "<li class=\"{}\"><b>{}</b>{}</li>",
                        finding.verdict().name().toLowerCase(java.util.Locale.ROOT),
                        finding.topic(),
                        finding.text()))
                .toList();
        return items.isEmpty() ? Html.EMPTY : Html.of("<ul class=\"findings\">{}</ul>", items);
    }
}
