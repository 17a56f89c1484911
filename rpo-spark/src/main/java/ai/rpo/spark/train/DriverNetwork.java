package ai.rpo.spark.train;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Role;
import java.util.Optional;

/**
 * Is the network that the driver holds for one training: first with the weights that it starts from, then with the state
 * between two rounds. It computes only where it is also the {@linkplain TrainingRole#isOfDriver one that tasks borrow}.
 */
final class DriverNetwork implements AutoCloseable {

    private final Trainable trainable;
    private final TrainingRole role;
    private final PolicyNetwork network;
    private final NetworkState state;

    /** @param outer says whether there is a velocity to keep */
    DriverNetwork(Trainable trainable, TrainingRole role, OuterSettings outer) {
        this.trainable = trainable;
        this.role = role;
        network = role.isOfDriver() ? lodged(role) : PolicyNetwork.create(role.training());
        new Parameters(trainable.layout(), network.state().parameters()).load(trainable.initial());
        Optional<Storage> velocity =
                outer.hasMomentum() ? Optional.of(network.zerosLikeParameters()) : Optional.empty();
        state = new NetworkState(network.state(), velocity);
    }

    private static PolicyNetwork lodged(TrainingRole role) {
        ExecutorRuntime runtime = ExecutorRuntime.ofThisJvm();
        runtime.preferBackend();
        PolicyNetwork network = role.network(runtime.weights());
        runtime.lodge(role, network);
        return network;
    }

    PolicyNetwork network() {
        return network;
    }

    NetworkState state() {
        return state;
    }

    /** What has been trained so far. */
    Weights trained() {
        return new Parameters(trainable.layout(), network.state().parameters()).asWeights();
    }

    /** Gives its memory back, unless a task that would not end may still be at work on it. */
    @Override
    public void close() {
        if (role.isOfDriver()) {
            ExecutorRuntime.ofThisJvm().letGo(Role.Kind.TRAIN, role.run());
        }
        if (state.isWhole()) {
            network.close();
            state.velocity().ifPresent(Storage::free);
        }
    }
}
