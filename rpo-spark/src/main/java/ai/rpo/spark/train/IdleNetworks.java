package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.device.LoadedWeights;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.reference.ExecutorModels;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Networks that wait in an executor JVM between rounds, so that none is built anew; a borrower overwrites its state.
 * One run's networks are kept, until it ends or a task of another run comes.
 */
final class IdleNetworks {

    private static final IdleNetworks INSTANCE = new IdleNetworks();

    private final Deque<PolicyNetwork> idle = new ArrayDeque<>();
    private String run = "";

    private IdleNetworks() {}

    static IdleNetworks ofThisJvm() {
        return INSTANCE;
    }

    PolicyNetwork borrow(RoundPlan plan) {
        ExecutorDevice.ofThisJvm().claimForThisTask();
        synchronized (this) {
            if (!run.equals(plan.run())) {
                closeAll();
                run = plan.run();
            }
            if (!idle.isEmpty()) {
                return idle.pop();
            }
        }
        Optional<LocalModel> frozen = Optional.ofNullable(plan.frozen());
        if (frozen.isEmpty()) {
            ExecutorModels.ofThisJvm().release(); // a network needs its memory
        }
        PolicyNetwork network = PolicyNetwork.create(plan.training());
        frozen.ifPresent(
                model -> network.freeze(backend -> LoadedWeights.ofThisJvm().of(model, backend)));
        ExecutorModels.ofThisJvm().release(); // only now: the model that scored may be the frozen one
        return network;
    }

    /** At the end of a run: its networks go, with their memory outside the heap. */
    synchronized void release(String ofRun) {
        if (run.equals(ofRun)) {
            closeAll();
            run = "";
        }
    }

    synchronized void giveBack(String ofRun, PolicyNetwork network) {
        if (run.equals(ofRun)) {
            idle.push(network);
        } else {
            network.close();
        }
    }

    private void closeAll() {
        idle.forEach(PolicyNetwork::close);
        idle.clear();
    }
}
