package ai.rpo.spark.prepare;

import java.io.Serializable;
import java.nio.file.Path;

/** Finds the model's folder on the machine at hand, the driver or an executor, fetching it where it has to. */
@FunctionalInterface
public interface ModelFolder extends Serializable {

    /** A folder on a local disk that holds the model's files. */
    Path local();
}
