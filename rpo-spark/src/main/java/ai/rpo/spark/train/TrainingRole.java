package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.LoadedWeights;
import ai.rpo.spark.runtime.Role;
import java.io.Serializable;
import java.util.Optional;

/**
 * Takes the steps of a run; networks wait between its rounds, so that none is built anew, and a borrower overwrites their
 * state or goes on with it.
 *
 * @param run names the training run, so that executors can tell its networks from another's
 * @param training how a worker trains
 * @param frozen the model under the adapter that is trained; null where all weights are
 * @param isOfDriver whether the only network is the driver's own, in the same JVM
 */
record TrainingRole(String run, TrainPlan training, LocalModel frozen, boolean isOfDriver)
        implements Role<LoadedWeights, PolicyNetwork>, Serializable {

    @Override
    public Kind kind() {
        return Kind.TRAIN;
    }

    @Override
    public Object key() {
        return run;
    }

    @Override
    public String weights() {
        return Optional.ofNullable(frozen).map(LocalModel::fingerprint).orElse("");
    }

    @Override
    public LoadedWeights load(ExecutorRuntime runtime) {
        return runtime.weights();
    }

    /** @throws IllegalStateException if there can be no other network than the driver's, and that is not to be had */
    @Override
    public PolicyNetwork worker(LoadedWeights weights) {
        if (isOfDriver) {
            throw new IllegalStateException("the task before this one did not end well, and left no state to go on from");
        }
        return network(weights);
    }

    /** Makes a network with trained weights of zero. */
    PolicyNetwork network(LoadedWeights weights) {
        PolicyNetwork network = PolicyNetwork.create(training);
        if (frozen != null) {
            network.freeze(backend -> weights.of(frozen, backend));
        }
        return network;
    }

    /** What is the driver's is closed by the driver. */
    @Override
    public void close(PolicyNetwork network) {
        if (!isOfDriver) {
            network.close();
        }
    }
}
