package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.NormalFloat;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;

/**
 * A packed matrix in a device's memory.
 *
 * @param codes as bytes, whatever the storage takes them for
 * @param scales the levels of NF4 first
 */
record PackedOnDevice(Packing packing, int rows, int columns, int block, DeviceStorage codes, DeviceStorage scales)
        implements Packed {

    static PackedOnDevice of(PackedMatrix matrix, Device device, Kernels kernels) {
        float[] levels = NormalFloat.levels();
        DeviceStorage codes = new DeviceStorage(device, kernels, (matrix.codes().length + 3) / Float.BYTES, false);
        DeviceStorage scales = new DeviceStorage(device, kernels, levels.length + (long) matrix.scales().length, false);
        device.write(codes.at(0), matrix.codes());
        scales.write(0, levels, 0, levels.length);
        scales.write(levels.length, matrix.scales(), 0, matrix.scales().length);
        return new PackedOnDevice(matrix.packing(), matrix.rows(), matrix.columns(), matrix.block(), codes, scales);
    }

    void unpack(Kernels kernels, int firstRow, DeviceTensor out) {
        long first = (long) firstRow * columns;
        Grid grid = Grid.over(out.size());
        switch (packing) {
            case NF4 -> kernels.launch("packed.nf4", grid, codes.at(0), scales.at(0), block, first, out, out.size());
            case INT8 -> kernels.launch("packed.int8", grid, codes.at(0), scales.at(0), block, first, out, out.size());
            case BFLOAT16 -> {
                long from = codes.at(0) + Short.BYTES * first;
                kernels.launch("elementwise.widenBfloat16", grid, from, out, out.size());
            }
        }
    }
}
