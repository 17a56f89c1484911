package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.NormalFloat;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A matrix as bitsandbytes stores it: codes under the weight's name, and beside them what they are multiplied with. Of four
 * bits that is {@code .absmax} for every block or, quantised a second time, bytes of it with {@code .nested_absmax} and
 * {@code .nested_quant_map}; of eight bits {@code SCB}, the largest magnitude of each row.
 *
 * @param block numbers of one scale
 * @param scales as they are, or where they are quantised themselves their codes
 * @param nested how those are unpacked
 */
record QuantizedTensor(
        ParameterLayout.Entry entry,
        Packing packing,
        int block,
        StoredNumbers codes,
        StoredNumbers scales,
        Optional<Nested> nested) {

    private static final String STATE = ".quant_state.bitsandbytes__";
    private static final float INT8_MOST = 127;
    private static final int BYTES = 256;

    /**
     * Scales that are bytes: {@code levels[byte]·scale of the byte's block + offset}.
     *
     * @param block bytes of one scale
     */
    record Nested(StoredNumbers levels, StoredNumbers scales, int block, float offset) {}

    /** Finds the tensors of one weight among a file's. */
    record Finder(Map<String, StoredNumbers> stored, List<String> used) {

        private StoredNumbers required(String name, String of) {
            used.add(name);
            StoredNumbers found = stored.get(name);
            if (found == null) {
                throw broken(of, name + " is missing");
            }
            return found;
        }

        /** @param weight stored as codes */
        QuantizedTensor find(ParameterLayout.Entry entry, StoredNumbers weight, Packing packing) {
            return packing == Packing.NF4 ? fourBits(entry, weight) : eightBits(entry, weight);
        }

        private QuantizedTensor eightBits(ParameterLayout.Entry entry, StoredNumbers weight) {
            String name = weight.tensor().name();
            String module = name.replaceFirst("\\.weight$", "");
            String format = module + ".weight_format";
            if (stored.containsKey(format)) {
                used.add(format);
                if (stored.get(format).bytes()[0] != 0) {
                    throw broken(name, format + " is not that of rows");
                }
            }
            requireBytes(weight, "I8", entry.size());
            StoredNumbers scales = required(module + ".SCB", name);
            requireNumbers(scales, entry.rows());
            return new QuantizedTensor(entry, Packing.INT8, entry.columns(), weight, scales, Optional.empty());
        }

        private QuantizedTensor fourBits(ParameterLayout.Entry entry, StoredNumbers weight) {
            String name = weight.tensor().name();
            String state = stored.keySet().stream()
                    .filter(other -> other.startsWith(name + STATE))
                    .findFirst()
                    .orElseThrow(() -> broken(name, name + STATE + "nf4 is missing"));
            used.add(state);
            JsonObject keys = JsonObject.parse(new String(stored.get(state).bytes(), StandardCharsets.UTF_8), state);
            if (!keys.text("quant_type", "").equals("nf4")) {
                throw keys.refuse("quant_type", "but of four bits only nf4 is supported");
            }
            List<Integer> shape = keys.ids("shape", List.of());
            if (!shape.equals(entry.shape())) {
                throw broken(name, "its shape is " + shape + ", but config.json asks for " + entry.shape());
            }
            int block = keys.positiveInt("blocksize");
            requireBytes(weight, "U8", Packing.NF4.bytes(entry.size()));
            requireLevels(required(name + ".quant_map", name));
            StoredNumbers scales = required(name + ".absmax", name);
            long count = Packing.NF4.scales(entry.size(), block);
            if (!keys.has("nested_blocksize")) {
                requireNumbers(scales, count);
                return new QuantizedTensor(entry, Packing.NF4, block, weight, scales, Optional.empty());
            }
            requireBytes(scales, "U8", count);
            int nestedBlock = keys.positiveInt("nested_blocksize");
            Nested nested = new Nested(
                    required(name + ".nested_quant_map", name),
                    required(name + ".nested_absmax", name),
                    nestedBlock,
                    (float) keys.number("nested_offset"));
            requireNumbers(nested.levels, BYTES);
            requireNumbers(nested.scales, (count + nestedBlock - 1) / nestedBlock);
            return new QuantizedTensor(entry, Packing.NF4, block, weight, scales, Optional.of(nested));
        }

        private static void requireLevels(StoredNumbers map) {
            float[] levels = NormalFloat.levels();
            requireNumbers(map, levels.length);
            float[] found = map.floats();
            for (int i = 0; i < levels.length; i++) {
                if (Math.abs(found[i] - levels[i]) > 1e-6) {
                    throw broken(map.tensor().name(), "its level " + i + " is " + found[i] + ", of nf4 " + levels[i]);
                }
            }
        }

        private static void requireBytes(StoredNumbers numbers, String dtype, long bytes) {
            StoredTensor tensor = numbers.tensor();
            if (!tensor.dtype().equals(dtype) || tensor.bytes() != bytes) {
                throw broken(
                        tensor.name(),
                        "it has " + tensor.bytes() + " bytes of " + tensor.dtype() + ", and should have " + bytes
                                + " of " + dtype);
            }
        }

        private static void requireNumbers(StoredNumbers numbers, long count) {
            StoredTensor tensor = numbers.tensor();
            if (!tensor.dtype().equals("F32") || tensor.bytes() != Float.BYTES * count) {
                throw broken(
                        tensor.name(),
                        "it has " + tensor.bytes() + " bytes of " + tensor.dtype() + ", and should have " + count
                                + " numbers of F32");
            }
        }
    }

    /** Reads all of it. */
    PackedMatrix read() {
        float[] factors =
                scales.tensor().dtype().equals("F32") ? scales.floats() : unpackedScales(nested.orElseThrow());
        if (packing == Packing.INT8) {
            for (int i = 0; i < factors.length; i++) {
                factors[i] /= INT8_MOST;
            }
        }
        return new PackedMatrix(packing, entry.rows(), entry.columns(), block, codes.bytes(), factors);
    }

    private float[] unpackedScales(Nested how) {
        byte[] bytes = scales.bytes();
        float[] levels = how.levels.floats();
        float[] factors = how.scales.floats();
        float[] numbers = new float[bytes.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = levels[bytes[i] & 0xff] * factors[i / how.block] + how.offset;
        }
        return numbers;
    }

    private static RpoException broken(String weight, String why) {
        return RpoException.configuration("Cannot use the quantised weight " + weight + ": " + why
                + ". Save the model again with transformers and bitsandbytes, or use its float weights.");
    }
}
