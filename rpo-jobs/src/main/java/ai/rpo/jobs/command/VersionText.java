package ai.rpo.jobs.command;

import ai.rpo.core.evaluate.Estimate;
import ai.rpo.core.objective.Metrics;
import ai.rpo.jobs.registry.Provenance;
import ai.rpo.jobs.registry.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Says for a person what a registry holds. */
final class VersionText {

    private static final String ROW = "%7s  %-20s  %-12s  %9s  %8s  %s";

    private VersionText() {}

    /** A line for each version, below one that says what stands where. */
    static List<String> list(List<Version> versions, Optional<Integer> production) {
        List<String> lines = new ArrayList<>();
        lines.add(row("version", "registered", "started from", "rows", "accuracy", "state"));
        for (Version version : versions) {
            Optional<Provenance> found = version.found();
            lines.add(row(
                    String.valueOf(version.number()),
                    found.map(Provenance::createdAt).orElse("?"),
                    found.map(VersionText::origin).orElse("?"),
                    found.map(known -> known.counts().get("rows"))
                            .map(rows -> String.format(Locale.ROOT, "%,d", rows))
                            .orElse(""),
                    found.flatMap(known -> known.mean(Metrics.ACCURACY.name()))
                            .map(mean -> String.format(Locale.ROOT, "%.3f", mean))
                            .orElse(""),
                    state(version, production)));
        }
        return lines.stream().map(String::stripTrailing).toList();
    }

    private static String row(Object... cells) {
        return String.format(Locale.ROOT, ROW, cells);
    }

    private static String origin(Provenance known) {
        return known.parent() == null ? "a base" : "version " + known.parent();
    }

    private static String state(Version version, Optional<Integer> production) {
        List<String> states = new ArrayList<>();
        if (production.filter(number -> number == version.number()).isPresent()) {
            states.add("production");
        }
        if (version.pruned()) {
            states.add("pruned");
        }
        version.damage().ifPresent(damage -> states.add("damaged: " + damage));
        return String.join(", ", states);
    }

    /** All that is known of one, by what it is. */
    static Map<String, String> of(Version version, Optional<Integer> production) {
        Provenance known = version.provenance();
        Map<String, String> lines = new LinkedHashMap<>();
        String state = state(version, production);
        lines.put("version", version.number() + (state.isEmpty() ? "" : ", " + state));
        lines.put("registered", known.createdAt() + " by rpo " + known.program());
        lines.put("model", version.model().toString());
        lines.put("started", "from " + known.startedFrom() + (known.parent() == null ? "" : ", " + origin(known)));
        lines.put("run", known.source());
        lines.put(
                "settings",
                version.folder() + "/resolved.conf, fingerprint "
                        + known.fingerprint().substring(0, 12));
        known.counts()
                .forEach((name, count) -> lines.put(name.replace('_', ' '), String.format(Locale.ROOT, "%,d", count)));
        known.metrics().forEach((name, estimate) -> lines.put(name, text(estimate)));
        known.data().forEach(lines::put);
        known.files()
                .forEach((name, content) -> lines.put(
                        name,
                        String.format(
                                Locale.ROOT,
                                "%,d bytes, sha256 %s",
                                content.bytes(),
                                content.sha256().substring(0, 12))));
        return lines;
    }

    private static String text(Estimate estimate) {
        return String.format(Locale.ROOT, "%.4g (%.4g to %.4g)", estimate.mean(), estimate.low(), estimate.high());
    }
}
