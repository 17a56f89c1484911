package ai.rpo.core.model;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** An adapter's updates of experts, cut out of what PEFT keeps for all experts of a layer. */
final class ExpertUpdates {

    private static final int KEPT = 4; // gate, up and down of an expert come one after another

    private final Lora lora;
    private final Function<String, float[]> numbers;
    private final Map<String, Place> places = new HashMap<>();

    private final Map<String, float[]> latest = new LinkedHashMap<>(KEPT, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
            return size() > KEPT;
        }
    };

    /**
     * Tells where a weight of the file lies in the parameter that is adapted.
     *
     * @param expert whose it is; -1 where it holds those of all, input first
     * @param row of the parameter's output, where it begins
     */
    private record Place(ExpertParameter parameter, int expert, int row) {}

    /** @param numbers of an adapter, by name */
    ExpertUpdates(ModelConfig config, Lora lora, Function<String, float[]> numbers) {
        this.lora = lora;
        this.numbers = numbers;
        for (int layer = 0; layer < config.layers(); layer++) {
            Optional<Architecture.Mixture> mixture = config.architecture().mixture(layer);
            if (mixture.isPresent()) {
                add(config, mixture.get(), layer);
            }
        }
    }

    private void add(ModelConfig config, Architecture.Mixture mixture, int layer) {
        WeightNames.Experts names = mixture.names();
        String block = config.architecture().names().block(layer);
        add(ExpertParameter.input(config, mixture, layer), block, names, names.input());
        add(ExpertParameter.output(config, mixture, layer), block, names, List.of(names.output()));
    }

    private void add(ExpertParameter parameter, String block, WeightNames.Experts names, List<String> parts) {
        if (!lora.parameters().contains(parameter.name())) {
            return;
        }
        if (names.stacked()) {
            places.put(block + names.all() + parts.get(0), new Place(parameter, -1, 0));
            return;
        }
        for (int expert = 0; expert < parameter.experts(); expert++) {
            for (int i = 0; i < parts.size(); i++) {
                String weight = block + names.expert(expert) + parts.get(i) + ".weight";
                places.put(weight, new Place(parameter, expert, i * parameter.out() / parts.size()));
            }
        }
    }

    /** The update of a weight; empty if it is not an expert's, or not adapted. */
    Optional<MergedWeights.Factors> factors(ParameterLayout.Entry weight) {
        return Optional.ofNullable(places.get(weight.name()))
                .map(place -> place.expert < 0 ? ofAll(place.parameter) : ofOne(place, weight.rows()));
    }

    private MergedWeights.Factors ofOne(Place place, int rows) {
        ExpertParameter parameter = place.parameter;
        int rank = lora.rank(parameter.name());
        float[] b = latest(lora.b(parameter));
        float[] left = new float[rows * rank];
        for (int i = 0; i < left.length; i++) {
            left[i] = scaled(b[(place.row * rank + i) * parameter.experts() + place.expert], parameter);
        }
        float[] right = new float[rank * parameter.in()];
        System.arraycopy(latest(lora.a(parameter)), place.expert * right.length, right, 0, right.length);
        return new MergedWeights.Factors(rank, rows, left, right, null);
    }

    /** Input first: {@code Aᵀ·Bᵀ} of each expert. */
    private MergedWeights.Factors ofAll(ExpertParameter parameter) {
        int rank = lora.rank(parameter.name());
        int in = parameter.in();
        int out = parameter.out();
        float[] a = latest(lora.a(parameter));
        float[] b = latest(lora.b(parameter));
        float[] left = new float[a.length];
        float[] right = new float[b.length];
        for (int expert = 0; expert < parameter.experts(); expert++) {
            for (int k = 0; k < rank; k++) {
                int row = expert * rank + k;
                for (int i = 0; i < in; i++) {
                    left[(expert * in + i) * rank + k] = a[row * in + i];
                }
                for (int o = 0; o < out; o++) {
                    right[row * out + o] = scaled(b[(o * rank + k) * parameter.experts() + expert], parameter);
                }
            }
        }
        return new MergedWeights.Factors(rank, in, left, right, null);
    }

    private float scaled(float number, ExpertParameter parameter) {
        return number * (float) lora.scale(parameter.name());
    }

    private float[] latest(String name) {
        return latest.computeIfAbsent(name + ".weight", numbers);
    }
}
