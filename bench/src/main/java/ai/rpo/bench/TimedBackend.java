package ai.rpo.bench;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Stands before a backend and adds up the time of each of its operations, products by their shape. */
final class TimedBackend {

    private static final class Cost {
        private long nanos;
        private long calls;
        private double flops;
    }

    private final Map<String, Cost> costs = new TreeMap<>();
    private final Backend backend;
    private long largestAllocation;

    TimedBackend(Backend timed) {
        backend = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, operation, arguments) -> {
                    if (operation.getName().startsWith("allocate")) {
                        largestAllocation = Math.max(largestAllocation, (long) arguments[0]);
                    }
                    long start = System.nanoTime();
                    try {
                        return operation.invoke(timed, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        add(operation, arguments, System.nanoTime() - start);
                    }
                });
    }

    Backend backend() {
        return backend;
    }

    /** Elements of the largest storage that was made. */
    long largestAllocation() {
        return largestAllocation;
    }

    void reset() {
        costs.clear();
    }

    /**
     * A row per operation, the longest first: share of a step, milliseconds and calls a step, rate of products.
     *
     * @param stepMillis what a step took, with what is between the operations
     */
    void print(int steps, double stepMillis) {
        costs.entrySet().stream()
                .sorted(Comparator.comparingLong(e -> -e.getValue().nanos))
                .forEach(e -> print(e.getKey(), e.getValue(), steps, stepMillis));
        double sum = costs.values().stream().mapToLong(cost -> cost.nanos).sum() / 1e6 / steps;
        System.out.printf(
                Locale.ROOT,
                "%5.1f %%  %9.2f ms  between the operations%n",
                100 * (1 - sum / stepMillis),
                stepMillis - sum);
    }

    private static void print(String name, Cost cost, int steps, double stepMillis) {
        double millis = cost.nanos / 1e6 / steps;
        String rate = cost.flops == 0 ? "" : String.format(Locale.ROOT, "%6.0f GFLOP/s", cost.flops / cost.nanos);
        System.out.printf(
                Locale.ROOT,
                "%5.1f %%  %9.2f ms  %-42s %4d calls%s%n",
                100 * millis / stepMillis,
                millis,
                name,
                cost.calls / steps,
                rate);
    }

    private void add(Method operation, Object[] arguments, long nanos) {
        boolean product = operation.getName().startsWith("linear");
        Cost cost =
                costs.computeIfAbsent(product ? product(operation, arguments) : operation.getName(), n -> new Cost());
        cost.nanos += nanos;
        cost.calls++;
        if (product) {
            Tensor a = (Tensor) arguments[0];
            cost.flops += 2.0 * a.size() * otherExtent(arguments);
        }
    }

    private static String product(Method operation, Object[] arguments) {
        Tensor a = (Tensor) arguments[0];
        return operation.getName() + " " + a.rows() + "x" + a.columns() + "x" + otherExtent(arguments);
    }

    /** The extent of a product that its first argument does not have. */
    private static int otherExtent(Object[] arguments) {
        Tensor a = (Tensor) arguments[0];
        Tensor b = (Tensor) arguments[1];
        return b.columns() == a.columns() && ((Tensor) arguments[2]).columns() == b.rows() ? b.rows() : b.columns();
    }
}
