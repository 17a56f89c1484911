package ai.rpo.spark.reward;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.evaluate.PairResult;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.evaluate.EvaluateStage;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.train.CheckpointChoice;
import ai.rpo.spark.train.HeldOut;
import ai.rpo.spark.train.TrainStage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Trains reward models on preference pairs, one after another: the members of an ensemble, which differ in the head that they
 * begin with, in the order of the pairs and, where they are sampled, in which pairs they see. The output folder gets {@code member-0}, … in Hugging Face layout, {@code
 * train/member-0}, … with their checkpoints, and {@code metrics.jsonl}, a line a step of each member. What is interrupted goes
 * on from the latest checkpoint.
 */
public final class RewardStage {

    /** Names the folder of the output that has the members' checkpoints and metrics. */
    private static final String TRAIN = "train";

    private final SparkSession spark;
    private final String start;
    private final RewardSettings settings;
    private final LoraSettings lora;
    private final ScoreSettings scoring;

    /**
     * @param start folder of the model that every member begins as: a language model, or a reward model
     * @param lora whether an adapter on that model is trained, and the head, instead of all weights
     * @param scoring how held-out pairs are computed, in the precision that training has too
     */
    public RewardStage(
            SparkSession spark, String start, RewardSettings settings, LoraSettings lora, ScoreSettings scoring) {
        this.spark = spark;
        this.start = start;
        this.settings = settings;
        this.lora = lora;
        this.scoring = scoring;
    }

    /**
     * Says what is trained on, and what for.
     *
     * @param pairs folder of prepared pairs
     * @param heldOut the same of pairs that are not trained on
     * @param output folder for the members
     * @param form in which models are written, of the number type of the model that training started from
     * @param run what the training depends on
     * @param selection by what a member is chosen among its checkpoints
     * @param facts what model cards say of the models' origin
     */
    public record Request(
            Path pairs,
            Optional<Path> heldOut,
            Path output,
            Function<Dtype, ExportForm> form,
            String run,
            SelectionSettings selection,
            Map<String, String> facts,
            Fence fence) {}

    /**
     * Tells what has come of it.
     *
     * @param pairs trained on in each epoch
     * @param steps of all members
     * @param heldOut held-out pairs under each member, in their order; empty where there are none
     */
    public record Result(long pairs, long steps, List<List<PairResult>> heldOut) {}

    /**
     * Opens the models that members begin as, so that what is wrong shows before any work.
     *
     * @throws RpoException where the model cannot be trained to give rewards, or members would be one and the same
     */
    public static void requireTrainable(
            String start, RewardSettings settings, LoraSettings lora, Configuration hadoop) {
        ModelDirectory model =
                LocalModel.locatedForRewards(start, settings.seed(0), hadoop).open();
        lora.on(model);
        boolean isAlike = !settings.training().shuffle() && !settings.bootstrap() && !model.hasDrawnHead();
        if (settings.members() > 1 && isAlike) {
            throw RpoException.configuration("Cannot train " + settings.members() + " members from " + start
                    + ": it is a reward model already and rpo.reward.shuffle is false, so they would all be the same. Set"
                    + " rpo.reward.shuffle or rpo.reward.bootstrap = true, or begin with a language model.");
        }
    }

    /** @throws RpoException as {@link TrainStage#run} does; the members before are kept */
    public Result run(Request request, Progress progress) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        List<List<PairResult>> heldOut = new ArrayList<>();
        long pairs = 0;
        long steps = 0;
        for (int member = 0; member < settings.members(); member++) {
            String name = "member-" + member;
            Progress told = (what, done, total) -> progress.update(what + " " + name, done, total);
            TrainStage.Result trained = train(member, request, told);
            pairs = trained.rows();
            steps += trained.steps();
            request.fence().check();
            new SmallFile(new Path(request.output(), "metrics.jsonl"), hadoop)
                    .write(MemberMetrics.joined(new Path(request.output(), TRAIN), member + 1, hadoop));
            if (request.heldOut().isPresent()) {
                LocalModel model = LocalModel.ofReward(new Path(request.output(), name).toString(), hadoop);
                heldOut.add(new EvaluateStage(spark, scoring)
                        .results(model, settings.objective(), request.heldOut().get(), told));
            }
        }
        return new Result(pairs, steps, heldOut);
    }

    private TrainStage.Result train(int member, Request request, Progress progress) {
        LocalModel model = LocalModel.forRewards(
                        start, settings.seed(member), spark.sparkContext().hadoopConfiguration())
                .with(lora.basePrecision());
        TrainStage stage = new TrainStage(
                spark,
                model,
                lora,
                settings.objective(),
                settings.training(member),
                scoring.precision(),
                settings.pairs(member));
        CheckpointChoice choice = request.heldOut()
                .filter(rows -> request.selection().metric().isPresent())
                .map(rows -> HeldOut.choice(spark, rows, settings.objective(), scoring, request.selection()))
                .orElse(CheckpointChoice.LAST);
        return stage.run(
                new TrainStage.Request(
                        request.pairs(),
                        new Path(request.output(), TRAIN + "/member-" + member),
                        new Path(request.output(), "member-" + member),
                        request.form().apply(model.open().dtype()),
                        request.run(),
                        false,
                        request.facts(),
                        choice,
                        request.fence()),
                progress);
    }
}
