package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.Settings.EvaluateSettings;
import ai.rpo.spark.generate.PromptSelection;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The prompts that a run's models answer for the judge. */
final class Questions implements Stage {

    private final Workplace place;

    Questions(Workplace place) {
        this.place = place;
    }

    @Override
    public String name() {
        return "questions";
    }

    @Override
    public String folder() {
        return "questions";
    }

    @Override
    public String product() {
        return "questions/prompts.jsonl";
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(place.rowValues());
        values.put("evaluation prompts", place.inputs().data(paths()));
        values.put(
                "rpo.evaluate.prompts-at-most",
                String.valueOf(place.settings().evaluate().promptsAtMost()));
        if (fraction() > 0) {
            for (String key : List.of("eval-fraction", "max-length", "max-prompt-length")) {
                String full = "rpo.data." + key;
                values.put(full, place.configuration().valuesUnder("rpo.data").get(full));
            }
            values.putAll(place.template().dependsOn());
        }
        return values;
    }

    private List<String> paths() {
        EvaluateSettings settings = place.settings().evaluate();
        DataSettings data = place.settings().data();
        if (!settings.prompts().isEmpty()) {
            return settings.prompts();
        }
        return data.eval().isEmpty() ? data.train() : data.eval();
    }

    private double fraction() {
        return place.settings().evaluate().prompts().isEmpty()
                ? place.settings().data().evalFraction()
                : 0;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        place.keepDate(place.template().choice());
        DataSettings data = place.settings().data();
        int longest = Math.min(
                data.maxPromptLength().orElse(Integer.MAX_VALUE),
                data.maxLength().orElse(Integer.MAX_VALUE));
        List<String> rows = new PromptSelection(
                        place.promptSource(),
                        fraction(),
                        longest,
                        place.located(),
                        place.template().choice())
                .first(
                        place.spark().session(),
                        place.tables().asFiles(paths()),
                        place.settings().evaluate().promptsAtMost());
        if (rows.isEmpty()) {
            throw RpoException.data("Cannot have answers judged: no held-out row of " + String.join(", ", paths())
                    + " has a prompt in words, which a judge reads. Name rows that have in rpo.evaluate.prompts, or leave"
                    + " out rpo.evaluate.judge.");
        }
        place.inputs().requireUnchanged(paths());
        place.run().file(product()).write(String.join("\n", rows) + "\n");
        return Map.of("prompts", (long) rows.size());
    }
}
