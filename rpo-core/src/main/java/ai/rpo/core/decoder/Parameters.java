package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.RowOrder;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Transfers;
import ai.rpo.core.tensor.Workspace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * A model's weights, or the gradients of those that are trained: windows of one flat storage by Hugging Face name.
 * Those of an adapter may lie over a model's, which then are found too.
 */
public final class Parameters {

    private final ParameterLayout layout;
    private final Placement placement;
    private final Map<String, Packed> packed;
    private final Optional<Parameters> base;
    private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();

    /**
     * @throws IllegalArgumentException if the storage is not as long as the layout
     */
    public Parameters(ParameterLayout layout, Storage storage) {
        this(layout, new OneStorage(storage), Map.of(), Optional.empty());
        if (storage.size() != layout.size()) {
            throw new IllegalArgumentException(
                    "The layout has " + layout.size() + " parameters, the storage " + storage.size() + ".");
        }
    }

    private Parameters(
            ParameterLayout layout, Placement placement, Map<String, Packed> packed, Optional<Parameters> base) {
        this.layout = layout;
        this.placement = placement;
        this.packed = packed;
        this.base = base;
    }

    /**
     * A model's weights that are only read, in as little memory as they say and the backend's products allow; see
     * {@link ReadOnlyPlacement}.
     */
    public static Parameters readOnly(ModelConfig config, Weights weights, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(config);
        Map<String, Packed> packed = packed(layout, weights, backend);
        Placement placement = backend.products() == Precision.BFLOAT16 || backend.widens() || !packed.isEmpty()
                ? ReadOnlyPlacement.of(config, layout, packed.keySet(), weights, backend)
                : new OneStorage(backend.allocate(layout.size()));
        Parameters parameters = new Parameters(layout, placement, packed, Optional.empty());
        parameters.load(weights);
        return parameters;
    }

    /**
     * Room for a copy of weights that are trained elsewhere, all zeros, in as little memory as the backend's products allow;
     * see {@link ReadOnlyPlacement}. Tables whose rows are looked up are in float32.
     */
    public static Parameters copyOfTrained(ModelConfig config, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(config);
        return new Parameters(layout, ReadOnlyPlacement.ofTrained(config, layout, backend), Map.of(), Optional.empty());
    }

    /**
     * Memory of a {@link #copyOfTrained}, in bytes.
     *
     * @param products to what the backend's products round
     */
    public static long bytesOfCopy(ModelConfig config, Precision products) {
        return ReadOnlyPlacement.bytesOfTrained(config, products);
    }

    /**
     * Copies all weights from one flat vector.
     *
     * @param piece as many as are copied at once
     * @param transfers of the backend that these belong to
     */
    public void copyFrom(Storage flat, float[] piece, Transfers transfers) {
        for (ParameterLayout.Entry entry : layout.entries()) {
            Storage to = placement.storage(entry);
            for (long done = 0; done < entry.size(); done += piece.length) {
                int count = (int) Math.min(piece.length, entry.size() - done);
                flat.read(entry.offset() + done, piece, 0, count);
                transfers.write(to, placement.offset(entry) + done, piece, count);
            }
        }
    }

    /** Gives the memory of weights that are not packed back now; see {@link Storage#free}. */
    public void free() {
        layout.entries().stream().map(placement::storage).distinct().forEach(Storage::free);
    }

    /** Those in fewer bits. Storages of bfloat16, where products take them, need not be unpacked. */
    private static Map<String, Packed> packed(ParameterLayout layout, Weights weights, Backend backend) {
        Map<String, Packed> packed = new HashMap<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            weights.packing(entry)
                    .filter(packing -> packing != Packing.BFLOAT16 || backend.products() != Precision.BFLOAT16)
                    .ifPresent(packing -> packed.put(entry.name(), backend.pack(inMemoryOrder(entry, weights))));
        }
        return packed;
    }

    private static PackedMatrix inMemoryOrder(ParameterLayout.Entry entry, Weights weights) {
        PackedMatrix matrix = weights.packed(entry);
        RowOrder order = entry.order();
        return order.equals(RowOrder.AS_STORED) ? matrix : matrix.withRowsAt(order::inMemory);
    }

    /** Replaces matrices by packed ones; for shapes without numbers. */
    Parameters with(Map<String, Packed> others) {
        return new Parameters(layout, placement, others, base);
    }

    /**
     * Says where weights lie. Those that are neighbours in the layout, and both vectors or both matrices, are
     * neighbours there.
     */
    interface Placement {

        Storage storage(ParameterLayout.Entry entry);

        /** Gives the place of the first element in the storage. */
        long offset(ParameterLayout.Entry entry);
    }

    /** All in one, as the layout says. */
    private record OneStorage(Storage storage) implements Placement {

        @Override
        public Storage storage(ParameterLayout.Entry entry) {
            return storage;
        }

        @Override
        public long offset(ParameterLayout.Entry entry) {
            return entry.offset();
        }
    }

    /** These of an adapter, and the model's that it adapts. */
    public Parameters over(Parameters model) {
        return new Parameters(layout, placement, packed, Optional.of(model));
    }

    public ParameterLayout layout() {
        return layout;
    }

    /** @throws IllegalStateException if the weights do not lie in one */
    public Storage storage() {
        if (placement instanceof OneStorage one) {
            return one.storage();
        }
        throw new IllegalStateException("Weights that are only read may lie in several storages.");
    }

    /** Shape and place of a weight, of the model below an adapter too. */
    ParameterLayout.Entry entry(String name) {
        return isOfBase(name) ? base.orElseThrow().entry(name) : own(name);
    }

    /**
     * The weight of that name; a vector is {@code [1, n]}.
     *
     * @throws IllegalStateException if it is kept in fewer bits
     */
    public Tensor get(String name) {
        if (isOfBase(name)) {
            return base.orElseThrow().get(name);
        }
        if (packed.containsKey(name)) {
            throw new IllegalStateException(name + " is packed.");
        }
        return tensors.computeIfAbsent(name, n -> {
            ParameterLayout.Entry entry = own(n);
            return tensor(entry, entry.rows(), entry.columns());
        });
    }

    /** Tells whether a weight is among these, rather than frozen. */
    boolean hold(String name) {
        return layout.contains(name) || layout.contains(Lora.saved(name));
    }

    private ParameterLayout.Entry own(String name) {
        return layout.get(layout.contains(name) ? name : Lora.saved(name));
    }

    /** The gradient of a vector to add to, or scratch memory in its place where the vector is frozen. */
    Tensor into(String name, int columns, Workspace workspace) {
        return hold(name) ? get(name) : workspace.tensor(1, columns);
    }

    private boolean isOfBase(String name) {
        return base.isPresent() && !hold(name);
    }

    /** Reads every weight that is not packed into the storage. */
    public void load(Weights weights) {
        weights.readAll(
                layout.entries().stream()
                        .filter(entry -> !packed.containsKey(entry.name()))
                        .toList(),
                (entry, offset, numbers, length) -> entry.runs(
                        offset, length, (at, from, step, count) -> write(entry, at, numbers, from, step, count)));
    }

    private void write(ParameterLayout.Entry entry, long at, float[] numbers, int from, int step, int count) {
        float[] neighbours = numbers;
        int first = from;
        if (step > 1) {
            neighbours = new float[count];
            first = 0;
            for (int i = 0; i < count; i++) {
                neighbours[i] = numbers[from + i * step];
            }
        }
        placement.storage(entry).write(placement.offset(entry) + at, neighbours, first, count);
    }

    private Tensor tensor(ParameterLayout.Entry first, int rows, int columns) {
        return placement.storage(first).tensor(placement.offset(first), rows, columns);
    }

    /** These numbers in the order of the model's file, for export. */
    public Weights asWeights() {
        return (entry, offset, target) -> {
            float[] values = new float[target.remaining()];
            entry.runs(offset, values.length, (at, from, step, count) -> read(entry, at, values, from, step, count));
            target.put(values);
        };
    }

    private void read(ParameterLayout.Entry entry, long at, float[] values, int from, int step, int count) {
        if (step == 1) {
            placement.storage(entry).read(placement.offset(entry) + at, values, from, count);
            return;
        }
        float[] neighbours = new float[count];
        placement.storage(entry).read(placement.offset(entry) + at, neighbours, 0, count);
        for (int i = 0; i < count; i++) {
            values[from + i * step] = neighbours[i];
        }
    }

    /** Neighbouring matrices of equal width as one, {@code [rows of all, columns]}, or vectors as a longer one. */
    Tensor stacked(String first, String last) {
        if (isOfBase(first)) {
            return base.orElseThrow().stacked(first, last);
        }
        return tensors.computeIfAbsent(first + ".." + last, n -> {
            ParameterLayout.Entry from = own(first);
            ParameterLayout.Entry to = own(last);
            long size = to.offset() + to.size() - from.offset();
            return from.vector()
                    ? tensor(from, 1, Math.toIntExact(size))
                    : tensor(from, Math.toIntExact(size / from.columns()), from.columns());
        });
    }

    /**
     * Neighbouring matrices of equal width as one, as products take them: {@link #stacked} or, where one of them is
     * kept in fewer bits, in scratch memory.
     */
    Tensor matrix(List<String> names, Backend backend, Workspace workspace) {
        if (isOfBase(names.get(0))) {
            return base.orElseThrow().matrix(names, backend, workspace);
        }
        if (names.stream().noneMatch(packed::containsKey)) {
            return stacked(names.get(0), names.get(names.size() - 1));
        }
        int rows = names.stream().mapToInt(name -> layout.get(name).rows()).sum();
        Tensor all = workspace.tensor(rows, layout.get(names.get(0)).columns());
        int row = 0;
        for (String name : names) {
            int from = row;
            row += layout.get(name).rows();
            unpack(name, all.rows(from, row), backend);
        }
        return all;
    }

    private void unpack(String name, Tensor out, Backend backend) {
        Packed matrix = packed.get(name);
        if (matrix == null) {
            backend.gatherRows(get(name), IntStream.range(0, out.rows()).toArray(), out);
        } else {
            backend.unpack(matrix, 0, out);
        }
    }

    /** One of so many matrices in one tensor, as products take it. */
    Tensor part(String name, int number, int count, Backend backend, Workspace workspace) {
        if (isOfBase(name)) {
            return base.orElseThrow().part(name, number, count, backend, workspace);
        }
        Packed matrix = packed.get(name);
        if (matrix == null) {
            return part(get(name), number, count);
        }
        int rows = matrix.rows() / count;
        Tensor part = workspace.tensor(rows, matrix.columns());
        backend.unpack(matrix, number * rows, part);
        return part;
    }

    /** One of so many matrices of such a shape, which lie one behind the other. */
    Tensor part(String name, int number, int count, int rows, int columns) {
        Tensor all = tensors.computeIfAbsent(
                name + " " + rows + "×" + columns, n -> tensor(own(name), Math.multiplyExact(count, rows), columns));
        return part(all, number, count);
    }

    /** One of so many matrices, or of so many rows, in one tensor. */
    static Tensor part(Tensor all, int number, int count) {
        int rows = all.rows() / count;
        return all.rows(number * rows, (number + 1) * rows);
    }
}
