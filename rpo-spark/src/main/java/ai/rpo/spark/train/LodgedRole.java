package ai.rpo.spark.train;

import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.LoadedWeights;
import ai.rpo.spark.runtime.Role;

/** Takes the steps of one worker with the network that the driver {@linkplain ExecutorRuntime#lodge lodges} for it in its own JVM. */
record LodgedRole(TrainingRole role, int worker) implements Role<LoadedWeights, PolicyNetwork> {

    @Override
    public Kind kind() {
        return role.kind();
    }

    @Override
    public Object key() {
        return role.run() + "/" + worker;
    }

    @Override
    public String weights() {
        return role.weights();
    }

    @Override
    public LoadedWeights load(ExecutorRuntime runtime) {
        return role.load(runtime);
    }

    /** There is no other than that of the driver. */
    @Override
    public PolicyNetwork worker(LoadedWeights weights) {
        throw new IllegalStateException("the training that this step is of has ended");
    }

    @Override
    public void close(PolicyNetwork network) {
        // It is the driver's.
    }
}
