package ai.rpo.core.dl4j;

import ai.rpo.core.model.ParameterLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Names the windows of DL4J's flat vectors by Hugging Face names. Values come from a model folder, never from random
 * initialisation.
 */
final class LanguageModelParameters implements ParamInitializer {

    static final LanguageModelParameters INSTANCE = new LanguageModelParameters();

    private LanguageModelParameters() {}

    @Override
    public long numParams(NeuralNetConfiguration conf) {
        return numParams(conf.getLayer());
    }

    @Override
    public long numParams(Layer layer) {
        return layout(layer).size();
    }

    @Override
    public List<String> paramKeys(Layer layer) {
        return layout(layer).entries().stream().map(ParameterLayout.Entry::name).toList();
    }

    /** Matrices: what weight decay applies to. */
    @Override
    public List<String> weightKeys(Layer layer) {
        return layout(layer).entries().stream()
                .filter(e -> !e.vector())
                .map(ParameterLayout.Entry::name)
                .toList();
    }

    @Override
    public List<String> biasKeys(Layer layer) {
        return layout(layer).entries().stream()
                .filter(ParameterLayout.Entry::vector)
                .map(ParameterLayout.Entry::name)
                .toList();
    }

    @Override
    public boolean isWeightParam(Layer layer, String key) {
        return !isBiasParam(layer, key);
    }

    @Override
    public boolean isBiasParam(Layer layer, String key) {
        return layout(layer).get(key).vector();
    }

    @Override
    public Map<String, INDArray> init(NeuralNetConfiguration conf, INDArray parameters, boolean initialize) {
        Map<String, INDArray> table = views(conf, parameters);
        table.keySet().forEach(conf::addVariable);
        return table;
    }

    @Override
    public Map<String, INDArray> getGradientsFromFlattened(NeuralNetConfiguration conf, INDArray gradients) {
        return views(conf, gradients);
    }

    private static Map<String, INDArray> views(NeuralNetConfiguration conf, INDArray flat) {
        INDArray vector = flat.reshape(flat.length());
        Map<String, INDArray> views = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : layout(conf.getLayer()).entries()) {
            INDArray window = vector.get(NDArrayIndex.interval(entry.offset(), entry.offset() + entry.size()));
            views.put(entry.name(), window.reshape('c', entry.rows(), entry.columns()));
        }
        return views;
    }

    private static ParameterLayout layout(Layer layer) {
        return ((LanguageModelLayer) layer).layout();
    }
}
