package ai.rpo.core.dl4j;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
final class ComputeBackends { static Backend create(String precision) { return new Nd4jBackend(); } }
