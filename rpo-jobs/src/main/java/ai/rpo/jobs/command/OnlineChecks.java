package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.online.OnlineSettings.Base;
import ai.rpo.jobs.online.OnlineSettings.By;
import ai.rpo.jobs.online.OnlineSettings.Moments;
import ai.rpo.jobs.online.OnlineSettings.Reference;
import ai.rpo.jobs.pipeline.Stages;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Looks at whether rounds can be made as they are configured.
 *
 * @param notes is told what is not wrong, and may yet surprise
 */
record OnlineChecks(Settings settings, Consumer<String> notes) {

    private OnlineSettings online() {
        return settings.online();
    }

    /**
     * Refuses, before the first round, what would stop one.
     *
     * @param stages of the configuration as it was given
     * @throws RpoException where there is something
     */
    void check(Stages stages) {
        if (settings.data().format().isPresent()) {
            throw RpoException.configuration("Cannot align online with rpo.data.format = "
                    + settings.data().format().get()
                    + ": a round's own pairs are rows of token ids. Leave it out; the format"
                    + " of each row is recognised.");
        }
        if (online().offlineShare() > 0 && settings.data().train().isEmpty()) {
            throw RpoException.configuration("Cannot mix offline pairs in with rpo.online.offline-share = "
                    + online().offlineShare() + ": there are none. Name them with rpo.data.train.");
        }
        if (online().regularizeOn() != Base.BOTH) {
            requireRegularizer();
        }
        requireOneCourse();
        requireMoments();
        if (online().by() == By.REWARD_MODEL && settings.rate().model().isEmpty()) {
            throw RpoException.configuration("Cannot rate by rpo.online.by = reward-model: rpo.rate.model has no value."
                    + " Name a reward model there, or set rpo.online.by = judge or program.");
        }
        stages.checkRounds();
    }

    /** Distances from a reference that moves along are none that a turn could be seen over. */
    private void requireOneCourse() {
        if (!settings.gauge().isOn() || !online().stopAtTurn()) {
            return;
        }
        if (settings.gauge().gold().isEmpty()) {
            notes.accept(
                    "the rounds do not end at the gauge's turn, as rpo.gauge.gold says of nothing what it is worth");
        } else if (online().reference() == Reference.PREVIOUS) {
            throw RpoException.configuration("Cannot end at the gauge's turn with rpo.online.reference = previous: each"
                    + " round's distances are from its own beginning. Set rpo.online.stop-at-turn = false, or"
                    + " rpo.online.reference = start.");
        }
    }

    private void requireMoments() {
        if (online().optimizer() != Moments.KEPT) {
            return;
        }
        TrainSettings train = settings.train();
        if (train.optimizer() == TrainSettings.Optimizer.SGD && !train.outer().hasMomentum()) {
            throw RpoException.configuration("Cannot keep the optimizer's state with rpo.online.optimizer = kept:"
                    + " rpo.train.optimizer = sgd has none. Set rpo.online.optimizer = fresh.");
        }
        if (settings.lora().rank() > 0 && settings.export().form() != ExportForm.Kind.ADAPTER) {
            throw RpoException.configuration(
                    "Cannot keep the optimizer's state with rpo.online.optimizer = kept: each round"
                            + " begins a new adapter on the merged model. Set rpo.export.form = adapter, with which rounds go on"
                            + " training one adapter, or rpo.online.optimizer = fresh.");
        }
    }

    private void requireRegularizer() {
        String key =
                "rpo.online.regularize-on = " + online().regularizeOn().name().toLowerCase(Locale.ROOT);
        if (!(settings.objective() instanceof RpoObjective rpo) || rpo.eta() == 0) {
            throw RpoException.configuration("Cannot use " + key + ": the objective "
                    + settings.objective().title()
                    + " has no supervised term. Set rpo.objective.eta above 0, or leave the key out.");
        }
        if (online().regularizeOn() == Base.OFFLINE && online().offlineShare() == 0) {
            throw RpoException.configuration("Cannot use " + key + ": rounds have no offline pairs. Mix some in with"
                    + " rpo.online.offline-share and rpo.data.train.");
        }
    }
}
