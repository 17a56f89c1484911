package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A projection of all experts of a layer as gpt-oss is published: {@code NAME_blocks [experts, out, in/32, 16]}, two
 * numbers of four bits in a byte, the lower half first, and {@code NAME_scales [experts, out, in/32]}, a power of two for
 * 32 numbers (MXFP4 of the OCP's Microscaling Formats). What is read are float32 numbers {@code [experts, in, out]}, which
 * bfloat16 can hold too.
 */
final class Mxfp4Tensor {

    private static final String METHOD = "mxfp4";
    private static final int BLOCK = 32;
    private static final int BIAS = 127;
    private static final int NOT_A_NUMBER = 255;
    private static final float[] LEVELS = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};

    private final ParameterLayout.Entry entry;
    private final StoredNumbers blocks;
    private final StoredNumbers scales;
    private final int in;
    private final int out;
    private Expert latest;

    /** One expert's bytes: pieces are read one after another, so the latest are kept. */
    private record Expert(int number, byte[] blocks, byte[] scales) {}

    private Mxfp4Tensor(ParameterLayout.Entry entry, StoredNumbers blocks, StoredNumbers scales) {
        this.entry = entry;
        this.blocks = blocks;
        this.scales = scales;
        in = entry.shape().get(1);
        out = entry.shape().get(2);
    }

    /** Whether {@code config.json} says that experts are stored so. */
    static boolean isSaidBy(JsonObject config) {
        return config.text("model_type", "").equals("gpt_oss")
                && config.object(BitsAndBytes.KEY)
                        .filter(keys -> keys.text("quant_method", "").equals(METHOD))
                        .isPresent();
    }

    /**
     * Finds the tensors of a weight.
     *
     * @param name of the weight as the file has it
     * @return empty if the file does not have it in blocks
     * @throws RpoException if the scales are missing, or either has another shape than the weight
     */
    static Optional<Mxfp4Tensor> find(ParameterLayout.Entry entry, String name, Map<String, StoredNumbers> stored) {
        StoredNumbers blocks = stored.get(name + "_blocks");
        if (blocks == null || entry.shape().size() != 3) {
            return Optional.empty();
        }
        StoredNumbers scales = stored.get(name + "_scales");
        if (scales == null) {
            throw broken(name, name + "_scales is missing");
        }
        Mxfp4Tensor found = new Mxfp4Tensor(entry, blocks, scales);
        if (found.in % BLOCK != 0) {
            throw broken(name, "its " + found.in + " inputs are no whole blocks of " + BLOCK);
        }
        long experts = entry.shape().get(0);
        long groups = found.in / BLOCK;
        require(name, blocks.tensor(), List.of(experts, (long) found.out, groups, (long) BLOCK / 2));
        require(name, scales.tensor(), List.of(experts, (long) found.out, groups));
        return Optional.of(found);
    }

    private static void require(String name, StoredTensor tensor, List<Long> shape) {
        if (!tensor.dtype().equals("U8") || !tensor.shape().equals(shape)) {
            throw broken(
                    name,
                    tensor.name() + " is " + tensor.dtype() + " " + tensor.shape() + ", and should be U8 " + shape);
        }
    }

    /** Names of the tensors that it is read from. */
    List<String> names() {
        return List.of(blocks.tensor().name(), scales.tensor().name());
    }

    /** Fills what remains of {@code target} with numbers of the weight, from an element on. */
    synchronized void read(long elementOffset, FloatBuffer target) {
        long ofExpert = (long) in * out;
        for (long element = elementOffset; target.hasRemaining(); ) {
            Expert expert = expert((int) (element / ofExpert));
            int within = (int) (element % ofExpert);
            int row = within / out;
            int column = within % out;
            int count = Math.min(out - column, target.remaining());
            for (int i = column; i < column + count; i++) {
                target.put(number(expert, row, i));
            }
            element += count;
        }
    }

    private float number(Expert expert, int row, int column) {
        int group = column * (in / BLOCK) + row / BLOCK;
        int place = row % BLOCK;
        int code = expert.blocks[group * (BLOCK / 2) + place / 2] >> (place % 2 == 0 ? 0 : 4) & 0xf;
        int scale = expert.scales[group] & 0xff;
        float number = Math.scalb(LEVELS[code], scale - BIAS);
        if (scale == NOT_A_NUMBER || Float.isInfinite(number)) {
            throw broken(entry.name(), "a number of expert " + expert.number + " is not finite");
        }
        return number;
    }

    private Expert expert(int number) {
        if (latest == null || latest.number != number) {
            latest = new Expert(number, part(blocks, number), part(scales, number));
        }
        return latest;
    }

    private byte[] part(StoredNumbers all, int number) {
        long bytes = all.tensor().bytes() / entry.shape().get(0);
        return all.file().bytes(all.tensor(), number * bytes, Math.toIntExact(bytes));
    }

    private static RpoException broken(String weight, String why) {
        return RpoException.configuration("Cannot use the quantised weight " + weight + ": " + why
                + ". Fetch the model again, or use its bfloat16 weights.");
    }
}
