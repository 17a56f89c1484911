package ai.rpo.core.model;

import java.util.List;
import java.util.Map;

/** Builds {@link LoraSettings}; what is not set has the default of {@code rpo.lora}, under which nothing is adapted. */
public final class LoraSettingsBuilder {

    private int rank;
    private double alpha = 16;
    private double dropout;
    private List<String> targetModules = List.of(AdapterConfig.ALL);
    private List<String> targetParameters = List.of();
    private boolean rankStabilized;
    private Map<String, String> rankPattern = Map.of();
    private Map<String, String> alphaPattern = Map.of();
    private List<String> layers = List.of();
    private List<String> modulesToSave = List.of();
    private boolean dora;
    private BasePrecision basePrecision = BasePrecision.AS_STORED;

    LoraSettingsBuilder() {}

    /** Sets the rank of the updates; 0 trains all weights. */
    public LoraSettingsBuilder rank(int value) {
        rank = value;
        return this;
    }

    /** Sets the numerator of the updates' scale. */
    public LoraSettingsBuilder alpha(double value) {
        alpha = value;
        return this;
    }

    /** Sets the share of a projection's inputs that its update does not see. */
    public LoraSettingsBuilder dropout(double value) {
        dropout = value;
        return this;
    }

    /** Names the projections that are adapted, by the ends of their names. */
    public LoraSettingsBuilder targetModules(List<String> value) {
        targetModules = value;
        return this;
    }

    /** Names the experts' projections that are adapted, by the ends of their names in PEFT. */
    public LoraSettingsBuilder targetParameters(List<String> value) {
        targetParameters = value;
        return this;
    }

    /** Scales by alpha/√rank rather than alpha/rank. */
    public LoraSettingsBuilder rankStabilized(boolean value) {
        rankStabilized = value;
        return this;
    }

    /** Gives projections, by regular expressions, ranks of their own. */
    public LoraSettingsBuilder rankPattern(Map<String, String> value) {
        rankPattern = value;
        return this;
    }

    /** Gives projections, by regular expressions, alphas of their own. */
    public LoraSettingsBuilder alphaPattern(Map<String, String> value) {
        alphaPattern = value;
        return this;
    }

    /** Chooses the layers whose projections are adapted, counted from 0; all if empty. */
    public LoraSettingsBuilder layers(List<String> value) {
        layers = value;
        return this;
    }

    /** Names embeddings, heads and norms that are trained whole. */
    public LoraSettingsBuilder modulesToSave(List<String> value) {
        modulesToSave = value;
        return this;
    }

    /** Trains the magnitude of each row of an adapted matrix beside its direction. */
    public LoraSettingsBuilder dora(boolean value) {
        dora = value;
        return this;
    }

    /** Sets in how many bits the weights under the adapter are kept. */
    public LoraSettingsBuilder basePrecision(BasePrecision value) {
        basePrecision = value;
        return this;
    }

    /** @throws IllegalArgumentException if values are out of range, all of them named */
    public LoraSettings build() {
        return new LoraSettings(
                rank,
                alpha,
                dropout,
                targetModules,
                targetParameters,
                rankStabilized,
                rankPattern,
                alphaPattern,
                layers,
                modulesToSave,
                dora,
                basePrecision);
    }
}
