package ai.rpo.core.objective;

/** Refuses parameters of objectives in the words that configuration expects: the key first. */
final class Parameter {

    private Parameter() {}

    /** @throws IllegalArgumentException unless the value is finite and above 0 */
    static void requirePositive(String key, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(key + " must be above 0, but is " + value);
        }
    }

    /** @throws IllegalArgumentException unless the value is finite and at least 0 */
    static void requireNotNegative(String key, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(key + " must be at least 0, but is " + value);
        }
    }
}
