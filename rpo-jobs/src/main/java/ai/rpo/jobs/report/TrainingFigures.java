package ai.rpo.jobs.report;

import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Supervised;
import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The figures of one run, from its training log. */
final class TrainingFigures {

    private static final int MOST_POINTS = 600;
    private static final int WINDOWS = 20;
    private static final String STEP = "optimizer step";
    private static final String HELD_OUT = "held_out/";

    private final TrainingLog log;
    private final Optional<Objective> objective;
    private final Optional<Double> beta;
    private final int window;

    /**
     * @param objective of preference training, where it is known
     * @param beta its β, where that is known
     */
    TrainingFigures(TrainingLog log, Optional<Objective> objective, Optional<Double> beta) {
        this.log = log;
        this.objective = objective;
        this.beta = beta;
        int bucket = (log.steps() + MOST_POINTS - 1) / MOST_POINTS;
        this.window = bucket == 0 ? 1 : log.steps() / bucket / WINDOWS;
    }

    List<Figure> learning() {
        return present(List.of(
                single("loss", "Loss", "loss (nats)", Metrics.LOSS.name(), lossCaption()),
                single(
                        "loss-preference",
                        "Preference term",
                        "−log σ(margin) (nats)",
                        Metrics.PREFERENCE_LOSS.name(),
                        "Mean of −log σ(m) over the pairs of the batch, the same definition for DPO and RPO. It starts at ln 2 ≈ 0.693 where the policy starts as its reference."),
                single(
                        "loss-sft",
                        "Supervised term",
                        "R (nats)",
                        Metrics.SFT_LOSS.name(),
                        "The supervised term on the chosen completions before its weight; what it averages over is rpo.objective.regularizer.reduction."),
                learningRate(),
                single(
                        "grad-norm",
                        "Gradient norm",
                        "‖gradient‖₂",
                        "grad_norm",
                        "Global L2 norm of the gradient before clipping."),
                single(
                        "aux-loss",
                        "Use of experts",
                        "balancing loss",
                        BatchGradient.BALANCE_LOSS,
                        "E·Σ f·P over the experts, before its weight: as many as a token goes through where all are used alike. What is minimised is total_loss, the loss and this times rpo.train.router-aux-loss-coef."),
                heldOut()));
    }

    /** A log of supervised rows has no pairs. */
    private String lossCaption() {
        if (!log.curve(Metrics.PREFERENCE_LOSS.name()).isEmpty()) {
            return "The training objective itself: the preference term plus the effective weight times the supervised term.";
        }
        boolean pairs = !log.curve(Metrics.MARGIN.name()).isEmpty();
        return "The training objective itself, "
                + objective.filter(each -> pairs).orElseGet(Supervised::new).describe() + ".";
    }

    /** Shows the checkpoints, where they were measured; an empty figure where not. */
    private Figure heldOut() {
        String metric = log.rows().stream()
                .flatMap(row -> row.keySet().stream())
                .filter(name -> name.startsWith(HELD_OUT))
                .findFirst()
                .orElse(HELD_OUT);
        return new Figure(
                "held-out",
                "Held-out pairs",
                "Each checkpoint on the held-out pairs, by which the model was chosen (rpo.selection.metric).",
                STEP,
                metric.substring(HELD_OUT.length()),
                List.of(),
                List.of(new Curve("", 1, Look.LINE, log.curve(metric))));
    }

    /** Shows it in millionths: XChart takes rates as small as they are for equal, and crowds its labels. */
    private Figure learningRate() {
        List<Point> millionths = log.curve("learning_rate").stream()
                .map(point -> Point.at(point.x(), point.y() * 1e6))
                .toList();
        return new Figure(
                "learning-rate",
                "Learning rate",
                "The schedule as it was applied.",
                STEP,
                "learning rate (10⁻⁶)",
                List.of(),
                List.of(new Curve("", 1, Look.LINE, Curve.thinned(millionths, MOST_POINTS))));
    }

    /**
     * The paper's figure 1: how log-probabilities of pairs moved. Batches differ, so the reference's own
     * log-probability of the same rows is taken off, which rewards over β are; where these are not known, the batches'
     * means are drawn.
     */
    Figure logps() {
        return beta.filter(known -> !log.curve(Metrics.CHOSEN_REWARD.name()).isEmpty())
                .map(this::changes)
                .orElseGet(this::means);
    }

    private Figure changes(double known) {
        List<Curve> curves = new ArrayList<>();
        curves.addAll(change("chosen", 2, Metrics.CHOSEN_REWARD.name(), known));
        curves.addAll(change("rejected", 0, Metrics.REJECTED_REWARD.name(), known));
        return new Figure(
                "logps",
                "Change of the log-probabilities of chosen and rejected completions",
                "log π(y|x) − log π_ref(y|x) (sum over a completion's tokens, in nats), mean over pairs at the moment they were trained"
                        + " on. Thin: batches. Bold: "
                        + (isBySteps() ? "running mean" : "each epoch's mean, at its middle")
                        + ". Overoptimization shows as the chosen curve falling while the margin grows (figure 1 of arXiv"
                        + " 2405.16436).",
                "epoch",
                "change of log π(y|x) (nats)",
                List.of(),
                curves);
    }

    /** One or two epochs are too few points for a course. */
    private boolean isBySteps() {
        return log.epochMeans(Metrics.CHOSEN_REWARD.name()).size() < 3;
    }

    private List<Curve> change(String label, int color, String metric, double known) {
        List<Point> batches = Curve.thinned(over(known, log.byEpoch(metric)), MOST_POINTS);
        List<Point> bold = new ArrayList<>();
        if (isBySteps()) {
            bold.addAll(Curve.smoothed(batches, Math.max(1, window)));
        } else {
            if (Math.abs(batches.get(0).y()) < 1e-3) {
                bold.add(Point.at(0, 0)); // it starts as its own reference
            }
            log.epochMeans(metric).forEach((epoch, mean) -> bold.add(Point.at(epoch - 0.5, mean / known)));
        }
        return List.of(new Curve("", color, Look.FAINT, batches), new Curve(label, color, Look.LINE, bold));
    }

    private static List<Point> over(double known, List<Point> rewards) {
        return rewards.stream()
                .map(point -> Point.at(point.x(), point.y() / known))
                .toList();
    }

    private Figure means() {
        List<Curve> curves = new ArrayList<>();
        curves.addAll(rawAndSmooth("chosen", 2, Metrics.CHOSEN_LOGPS.name()));
        curves.addAll(rawAndSmooth("rejected", 0, Metrics.REJECTED_LOGPS.name()));
        return new Figure(
                "logps",
                "Log-probabilities of chosen and rejected completions",
                "Policy's log-probability of a completion (sum over its tokens, in nats), mean over each batch's pairs, at the moment the batch was trained on."
                        + smoothing(),
                STEP,
                "log π(y|x) (nats)",
                List.of(),
                curves);
    }

    List<Figure> rewards() {
        List<Curve> rewards = new ArrayList<>();
        rewards.addAll(rawAndSmooth("chosen", 2, Metrics.CHOSEN_REWARD.name()));
        rewards.addAll(rawAndSmooth("rejected", 0, Metrics.REJECTED_REWARD.name()));
        Figure implicit = new Figure(
                "rewards",
                "Implicit rewards",
                "β·(log π − log π_ref) of each completion, mean over the batch's pairs." + smoothing(),
                STEP,
                "implicit reward",
                List.of(),
                rewards);
        return present(List.of(
                implicit,
                single(
                        "margins",
                        "Reward margin",
                        "margin",
                        Metrics.MARGIN.name(),
                        "Implicit reward of the chosen minus that of the rejected completion, mean over the batch's pairs."),
                single(
                        "accuracies",
                        "Reward accuracy",
                        "share of pairs",
                        Metrics.ACCURACY.name(),
                        "Share of the batch's pairs whose chosen completion has the higher implicit reward.")));
    }

    List<Figure> timings() {
        return present(List.of(throughput(), overhead()));
    }

    private Figure overhead() {
        return single(
                "round-overhead",
                "Share of a round that is not arithmetic",
                "share of the round's time",
                "round/overhead_share",
                "From one average to the next: the share of time in which the mean worker does not compute but waits for slower ones, fetches the common state, hands in its own, or is between tasks.");
    }

    private Figure throughput() {
        return single(
                "throughput",
                "Throughput",
                "tokens per second",
                "tokens_per_second",
                "Token rows that went through the network in a second of wall time, all workers together.");
    }

    private Figure single(String name, String title, String yAxis, String metric, String caption) {
        return new Figure(name, title, caption + smoothing(), STEP, yAxis, List.of(), rawAndSmooth("", 1, metric));
    }

    private List<Curve> rawAndSmooth(String label, int color, String metric) {
        List<Point> raw = log.curve(metric);
        if (window < 3) {
            return List.of(new Curve(label, color, Look.LINE, raw));
        }
        List<Point> thinned = Curve.thinned(raw, MOST_POINTS);
        return List.of(
                new Curve("", color, Look.FAINT, thinned),
                new Curve(label, color, Look.LINE, Curve.smoothed(thinned, window)));
    }

    private String smoothing() {
        int bucket = Math.max(1, (log.steps() + MOST_POINTS - 1) / MOST_POINTS);
        String thin = bucket == 1 ? "each step" : String.format(Locale.ROOT, "means of %d steps", bucket);
        return window < 3
                ? ""
                : String.format(
                        Locale.ROOT,
                        " Thin: %s. Bold: running mean over %d steps.",
                        thin,
                        bucket * (window / 2 * 2 + 1));
    }

    private static List<Figure> present(List<Figure> figures) {
        return figures.stream().filter(figure -> !figure.isEmpty()).toList();
    }
}
