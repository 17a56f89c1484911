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
 * state.
 *
 * @param run names the training run, so that executors can tell its networks from another's
 * @param training how a worker trains
 * @param frozen the model under the adapter that is trained; null where all weights are
 */
record TrainingRole(String run, TrainPlan training, LocalModel frozen)
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

    @Override
    public PolicyNetwork worker(LoadedWeights weights) {
        PolicyNetwork network = PolicyNetwork.create(training);
        if (frozen != null) {
            network.freeze(backend -> weights.of(frozen, backend));
        }
        return network;
    }

    @Override
    public void close(PolicyNetwork network) {
        network.close();
    }
}
