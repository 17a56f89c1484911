package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.train.WorkerResources;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/** Resources that the tasks of one stage ask for, by Spark's stage-level scheduling. */
public final class WorkerProfile {

    private final Optional<ResourceProfile> profile;

    private WorkerProfile(Optional<ResourceProfile> profile) {
        this.profile = profile;
    }

    /**
     * @throws RpoException if the cluster cannot give a stage resources of its own, or its executors have too little
     */
    public static WorkerProfile of(WorkerResources wanted, SparkConf cluster) {
        if (wanted.equals(WorkerResources.OF_ANY_TASK)) {
            return new WorkerProfile(Optional.empty());
        }
        String master = cluster.get("spark.master", "");
        String asked = String.format(
                Locale.ROOT, "rpo.train.resources = { cpus = %d, gpus = %d }", wanted.cpus(), wanted.gpus());
        if (master.startsWith("local")) {
            throw RpoException.configuration(
                    "Cannot use " + asked + ": " + master
                            + " has no executors to choose from. Leave it out, or name a standalone, YARN or Kubernetes cluster.");
        }
        int cores = cluster.getInt("spark.executor.cores", Integer.MAX_VALUE);
        if (wanted.cpus() > cores) {
            throw RpoException.configuration("Cannot use " + asked + ": spark.executor.cores is " + cores
                    + ", and a worker runs in one executor. Lower the one or raise the other.");
        }
        if (wanted.gpus() > cluster.getInt("spark.executor.resource.gpu.amount", 0)) {
            throw RpoException.configuration("Cannot use " + asked
                    + ": executors have no GPU. Set spark.executor.resource.gpu.amount = 1 (deploy/README.md).");
        }
        TaskResourceRequests requests = new TaskResourceRequests();
        requests.cpus(wanted.cpus() > 0 ? wanted.cpus() : cluster.getInt("spark.task.cpus", 1));
        if (wanted.gpus() > 0) {
            requests.resource("gpu", wanted.gpus());
        }
        return new WorkerProfile(
                Optional.of(new ResourceProfileBuilder().require(requests).build()));
    }

    /** Has rows worked on in tasks with these resources. */
    public <T> JavaRDD<T> applyTo(JavaRDD<T> rows) {
        return profile.map(resources -> rows.withResources(resources)).orElse(rows);
    }
}
