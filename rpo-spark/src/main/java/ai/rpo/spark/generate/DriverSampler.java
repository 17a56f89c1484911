package ai.rpo.spark.generate;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;

/** Loads a model into the driver, on all its cores, to sample a few answers without a Spark job. */
public final class DriverSampler {

    private DriverSampler() {}

    /** Creates what computes on the driver, on all its cores. */
    public static Backend backend(Precision precision) {
        return Backends.create(precision, Runtime.getRuntime().availableProcessors());
    }

    /**
     * @param width completions computed at once
     */
    public static Generator of(ModelDirectory model, Precision precision, int width) {
        Backend backend = backend(precision);
        Parameters weights = Parameters.readOnly(model.config(), model.weights(), backend);
        return new Generator(new Decoder(model.config(), backend), weights, width);
    }
}
