package ai.rpo.jobs.report;

import java.util.Locale;

/** Numbers as a reader wants them: four significant digits at most, no trailing zeros lost in large ones. */
final class Numbers {

    private Numbers() {}

    static String format(double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
        }
        double size = Math.abs(value);
        if (value == Math.rint(value) && size < 1e9) {
            return signed(String.format(Locale.ROOT, "%,d", (long) value));
        }
        if (size < 1e-3 || size >= 1e9) {
            return signed(String.format(Locale.ROOT, "%.2e", value));
        }
        return signed(String.format(Locale.ROOT, size < 10 ? "%.3f" : size < 1000 ? "%.2f" : "%,.0f", value));
    }

    static String percent(double share) {
        return signed(String.format(Locale.ROOT, "%.1f %%", 100 * share));
    }

    static String estimate(Estimate estimate) {
        return estimate.hasInterval()
                ? String.format(
                        Locale.ROOT,
                        "%s [%s, %s]",
                        format(estimate.mean()),
                        format(estimate.low()),
                        format(estimate.high()))
                : format(estimate.mean());
    }

    static String seconds(double seconds) {
        if (seconds < 60) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }

    private static String signed(String number) {
        return number.replace('-', '−');
    }
}
