package ai.rpo.core.model;

import ai.rpo.core.tensor.Packing;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** How bitsandbytes quantised a model's files, as {@code quantization_config} of {@code config.json} says. */
record BitsAndBytes(Packing packing) {

    static final String KEY = "quantization_config";

    private static final String USE_FLOATS = "Use the model's float32, float16 or bfloat16 weights";

    /**
     * @return empty if the files are not quantised, or only the experts, as {@link Mxfp4Tensor} reads them
     * @throws ai.rpo.core.RpoException naming the kind of quantisation, if it is not supported
     */
    static Optional<BitsAndBytes> in(JsonObject config) {
        return Mxfp4Tensor.isSaidBy(config)
                ? Optional.empty()
                : config.object(KEY).map(BitsAndBytes::read);
    }

    private static BitsAndBytes read(JsonObject keys) {
        boolean four = keys.flag("load_in_4bit", false);
        boolean eight = keys.flag("load_in_8bit", false);
        String method = keys.text("quant_method", four || eight ? "bitsandbytes" : "");
        if (!method.equals("bitsandbytes")) {
            throw keys.refuse("quant_method", "but only bitsandbytes is supported", USE_FLOATS);
        }
        if (four == eight) {
            throw keys.refuse(
                    "load_in_4bit", "and load_in_8bit is the same, so nobody knows how weights are stored", USE_FLOATS);
        }
        if (eight) {
            return new BitsAndBytes(Packing.INT8);
        }
        if (!keys.text("bnb_4bit_quant_type", "fp4").equals("nf4")) { // which is bitsandbytes' default
            throw keys.refuse("bnb_4bit_quant_type", "but of four bits only nf4 is supported", USE_FLOATS);
        }
        if (!keys.text("bnb_4bit_quant_storage", "uint8").equals("uint8")) {
            throw keys.refuse("bnb_4bit_quant_storage", "but only uint8 is supported", USE_FLOATS);
        }
        return new BitsAndBytes(Packing.NF4);
    }

    /** Takes out of a configuration what does not hold of weights in floating point. */
    static void remove(ObjectNode config) {
        config.remove(KEY);
    }
}
