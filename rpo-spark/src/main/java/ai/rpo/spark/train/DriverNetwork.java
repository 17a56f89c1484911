package ai.rpo.spark.train;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.OuterSettings;
import java.util.Optional;

/**
 * Is the network that the driver holds for one training: first with the weights that it starts from, then with the
 * state between two rounds. It computes only where workers are near: where they share its JVM, and the first of them
 * its network.
 */
final class DriverNetwork implements AutoCloseable {

    private final Trainable trainable;
    private final Optional<NearNetworks> near;
    private final PolicyNetwork network;
    private final NetworkState state;

    /**
     * @param near networks of workers in this JVM, of which this becomes the first; empty if they are elsewhere
     * @param outer says whether there is a velocity to keep
     */
    DriverNetwork(Trainable trainable, TrainingRole role, Optional<NearNetworks> near, OuterSettings outer) {
        this.trainable = trainable;
        this.near = near;
        network = near.map(NearNetworks::first).orElseGet(() -> PolicyNetwork.create(role.training()));
        new Parameters(trainable.layout(), network.state().parameters()).load(trainable.initial());
        Optional<Storage> velocity =
                outer.hasMomentum() ? Optional.of(network.zerosLikeParameters()) : Optional.empty();
        state = new NetworkState(network.state(), velocity);
    }

    PolicyNetwork network() {
        return network;
    }

    NetworkState state() {
        return state;
    }

    /** Gives what has been trained so far. */
    Weights trained() {
        return new Parameters(trainable.layout(), network.state().parameters()).asWeights();
    }

    /** Gives its memory back, unless a task that would not end may still be at work on it. */
    @Override
    public void close() {
        if (!state.isWhole()) {
            near.ifPresent(NearNetworks::evict);
            return;
        }
        near.ifPresentOrElse(NearNetworks::close, network::close);
        state.velocity().ifPresent(Storage::free);
    }
}
