package ai.rpo.core.dl4j;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainState;
import ai.rpo.core.train.Trainer;
import ai.rpo.core.train.TrainingMemory;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * Is a {@link Trainer} in the shape of a DL4J network: a {@link ComputationGraph} of one layer, which has no parameters of
 * DL4J's and hands each batch to the trainer.
 */
public final class PolicyNetwork implements AutoCloseable {

    private final Trainer trainer;
    private final ComputationGraph graph;
    private final INDArray signal;

    private PolicyNetwork(Trainer trainer, ComputationGraph graph) {
        this.trainer = trainer;
        this.graph = graph;
        signal = Nd4j.zeros(DataType.FLOAT, 1, 1);
    }

    /** Makes a network with weights of zero. */
    public static PolicyNetwork create(TrainPlan plan) {
        Backend backend = Backends.create(plan.precision(), plan.threads());
        OptionalLong device = backend.deviceMemory();
        boolean atHome = device.isPresent() && TrainingMemory.isAtHome(plan, device.getAsLong());
        Trainer trainer = new Trainer(plan, backend, atHome ? Backends.besideDevice(plan.threads()) : backend);
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .dataType(DataType.FLOAT)
                .updater(new NoOp())
                .trainingWorkspaceMode(WorkspaceMode.NONE)
                .inferenceWorkspaceMode(WorkspaceMode.NONE)
                .graphBuilder()
                .addInputs("batch")
                .addLayer("lm", new LanguageModelLayer(), "batch")
                .setOutputs("lm")
                .build());
        graph.init();
        return new PolicyNetwork(trainer, graph);
    }

    /**
     * Gives the network of an adapter the weights under it, which several networks may share.
     *
     * @param model the weights for a backend such as the network's
     */
    public void freeze(Function<Backend, Parameters> model) {
        trainer.freeze(model);
    }

    /** Returns the network as DL4J knows it. */
    public ComputationGraph graph() {
        return graph;
    }

    /** Returns what steps change. */
    public TrainState state() {
        return trainer.state();
    }

    /** Allocates as many zeros as there are trained parameters, where those lie. */
    public Storage zerosLikeParameters() {
        return trainer.zerosLikeParameters();
    }

    /** Takes one optimizer step on one batch. */
    public StepMetrics step(List<TrainingExample> batch) {
        LanguageModel layer = (LanguageModel) graph.getLayer(0);
        layer.willStep(() -> trainer.step(batch));
        graph.setInputs(signal);
        graph.setLabels(signal);
        graph.computeGradientAndScore();
        return layer.lastStep();
    }

    /** Gives back all memory outside the heap that is not shared with other networks. */
    @Override
    public void close() {
        graph.close();
        trainer.close();
    }
}
