package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.jobs.config.Settings.ExportSettings;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The trained model once more, in another form or number type; each has a folder of its own. */
final class Export implements Stage {

    private final Workplace place;
    private final Train train;

    Export(Workplace place, Train train) {
        this.place = place;
        this.train = train;
    }

    @Override
    public String name() {
        return "export";
    }

    @Override
    public String folder() {
        ExportSettings settings = place.settings().export();
        return String.join("-", "export/" + settings.form(), settings.dtype().name())
                .toLowerCase(Locale.ROOT);
    }

    @Override
    public List<String> otherFolders() {
        return List.of(product());
    }

    @Override
    public String product() {
        return folder() + "/model";
    }

    @Override
    public List<Stage> requires() {
        return List.of(train);
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        place.configuration().valuesUnder("rpo.export").forEach((key, value) -> values.put("as " + key, value));
        return values;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        train.export(place.run().path(product()));
        return Map.of();
    }
}
