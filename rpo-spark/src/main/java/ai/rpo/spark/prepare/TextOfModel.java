package ai.rpo.spark.prepare;

import ai.rpo.core.text.TokenizerFiles;
import java.io.Serializable;

/** Finds what turns text into a model's tokens on the machine at hand, the driver or an executor, fetching it where it has to. */
@FunctionalInterface
public interface TextOfModel extends Serializable {

    /** Files on a local disk. */
    TokenizerFiles local();
}
