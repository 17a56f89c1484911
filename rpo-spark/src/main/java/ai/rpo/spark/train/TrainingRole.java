package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.LoadedWeights;
import ai.rpo.spark.runtime.Role;
import java.util.Optional;

/**
 * Takes the steps of a run; networks wait between its rounds, so that none is built anew, and a borrower overwrites their
 * state.
 */
record TrainingRole(RoundPlan plan) implements Role<LoadedWeights, PolicyNetwork> {

    @Override
    public Kind kind() {
        return Kind.TRAIN;
    }

    @Override
    public Object key() {
        return plan.run();
    }

    @Override
    public String weights() {
        return frozen().map(LocalModel::fingerprint).orElse("");
    }

    @Override
    public LoadedWeights load(ExecutorRuntime runtime) {
        return runtime.weights();
    }

    @Override
    public PolicyNetwork worker(LoadedWeights weights) {
        PolicyNetwork network = PolicyNetwork.create(plan.training());
        frozen().ifPresent(model -> network.freeze(backend -> weights.of(model, backend)));
        return network;
    }

    private Optional<LocalModel> frozen() {
        return Optional.ofNullable(plan.frozen());
    }

    @Override
    public void close(PolicyNetwork network) {
        network.close();
    }
}
