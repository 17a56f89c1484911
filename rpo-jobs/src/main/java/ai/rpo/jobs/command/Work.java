package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Names the commands whose work can be looked at before it is done. */
enum Work {
    RUN(Job.PREFERENCE),
    SFT(Job.SUPERVISED),
    REWARD(Job.PREFERENCE),
    RATE(Job.RATING),
    GAUGE(Job.GAUGING),
    ONLINE(Job.ONLINE);

    private final List<String> required;

    Work(List<String> required) {
        this.required = required;
    }

    /**
     * Reads a command's name.
     *
     * @param allowed that the command that asks knows about
     * @throws RpoException where it is none of these
     */
    static Work of(String name, List<Work> allowed) {
        return Arrays.stream(values())
                .filter(work -> allowed.contains(work) && work.word().equals(name))
                .findFirst()
                .orElseThrow(() -> RpoException.configuration("Cannot look at the work of \"" + name
                        + "\": it is none of the commands "
                        + allowed.stream().map(Work::word).collect(Collectors.joining(", ")) + ". Name one of them."));
    }

    /** Tells what is meant where no command is named: preference training, or fine-tuning where there are supervised rows alone. */
    static Work ofGivenRows(ResolvedConfiguration configuration) {
        return configuration.namesSupervisedRowsOnly() ? SFT : RUN;
    }

    /** Gives the name of the command. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Lists the keys without a default that the command cannot do without. */
    List<String> required() {
        return required;
    }

    /**
     * Gives the path of the keys by which the command trains.
     *
     * @throws IllegalStateException where it does not
     */
    String trainingKeys() {
        return switch (this) {
            case RUN, GAUGE, ONLINE -> "rpo.train";
            case SFT -> "rpo.sft";
            case REWARD -> "rpo.reward";
            case RATE -> throw new IllegalStateException(word() + " trains nothing");
        };
    }

    /** Tells how the command trains; empty where it does not. */
    Optional<TrainSettings> training(Settings settings) {
        return switch (this) {
            case RUN, GAUGE, ONLINE -> Optional.of(settings.train());
            case SFT -> Optional.of(settings.sft().training());
            case REWARD -> Optional.of(settings.reward().training());
            case RATE -> Optional.empty();
        };
    }
}
