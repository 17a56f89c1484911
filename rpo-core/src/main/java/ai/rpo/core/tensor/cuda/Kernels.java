package ai.rpo.core.tensor.cuda;

import com.sun.jna.Memory;
import java.lang.ref.Reference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The kernels of one device, each file of them compiled and loaded at its first use. */
final class Kernels {

    private static final int LARGEST = 512; // bytes of a kernel's arguments

    private final Device device;
    private final Function<String, byte[]> compiler;
    private final Map<String, Long> modules = new ConcurrentHashMap<>();
    private final Map<String, Long> functions = new ConcurrentHashMap<>();
    private final ThreadLocal<Memory> values = ThreadLocal.withInitial(() -> new Memory(2L * LARGEST));

    /** @param compiler makes the machine code of a file of kernels */
    Kernels(Device device, Function<String, byte[]> compiler) {
        this.device = device;
        this.compiler = compiler;
    }

    /** Compiles and loads a file now, so that a compiler that does not work is found before anything is computed. */
    void prepare(String file) {
        module(file);
    }

    /**
     * Asks the device for a kernel's work.
     *
     * @param kernel its file and its name: {@code file.name}
     * @param arguments tensors, scratch memory, numbers of the size that the kernel has, an {@code int[]} for a structure
     *     of four-byte numbers, or null for no memory
     */
    void launch(String kernel, Grid grid, Object... arguments) {
        long function = functions.computeIfAbsent(kernel, this::find);
        Memory memory = values.get();
        int at = LARGEST; // behind the pointers
        for (int i = 0; i < arguments.length; i++) {
            memory.setPointer((long) Long.BYTES * i, memory.share(at));
            at += put(arguments[i], memory, at);
        }
        device.launch(kernel, function, grid, memory);
        Reference.reachabilityFence(
                arguments); // or a tensor's memory might be freed before the device knows of its use
    }

    /** Returns how many bytes were taken, such that the next argument is aligned. */
    private static int put(Object argument, Memory memory, int at) {
        if (argument instanceof int[] structure) {
            memory.write(at, structure, 0, structure.length);
            return Long.BYTES * ((structure.length + 1) / 2);
        }
        if (argument instanceof Integer number) {
            memory.setInt(at, number);
        } else if (argument instanceof Float number) {
            memory.setFloat(at, number);
        } else if (argument instanceof DeviceTensor tensor) {
            memory.setLong(at, tensor.address());
        } else if (argument instanceof Scratch scratch) {
            memory.setLong(at, scratch.address());
        } else {
            memory.setLong(at, argument == null ? 0 : (Long) argument);
        }
        return Long.BYTES;
    }

    private long find(String kernel) {
        int dot = kernel.indexOf('.');
        return device.function(module(kernel.substring(0, dot)), kernel.substring(dot + 1));
    }

    private long module(String file) {
        return modules.computeIfAbsent(file, name -> device.load(compiler.apply(name), name + ".cu"));
    }
}
