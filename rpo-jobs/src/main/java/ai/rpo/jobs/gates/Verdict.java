package ai.rpo.jobs.gates;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Tells whether a figure passes a gate.
 *
 * @param measured empty where nothing could be measured
 */
public record Verdict(Gate gate, Optional<Double> measured) {

    private static final MathContext DIGITS = new MathContext(4);

    /** Tells whether the figure was measured and keeps the limit. */
    public boolean passed() {
        return measured.filter(figure -> gate.isLeast() ? figure >= gate.limit() : figure <= gate.limit())
                .isPresent();
    }

    /** Says what was measured and, where it does not pass, by how much. */
    public String text() {
        String bound = gate.key() + " = " + number(gate.limit());
        if (measured.isEmpty()) {
            return gate.figure() + " was not measured, and " + bound + " asks for it";
        }
        double figure = measured.get();
        String is = gate.figure() + " is " + number(figure) + ", ";
        if (passed()) {
            return is + "and " + bound;
        }
        return is + number(Math.abs(figure - gate.limit())) + (gate.isLeast() ? " below " : " above ") + bound;
    }

    /** Gives the fields of {@code results.json}. */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("gate", gate.name());
        fields.put("limit", gate.limit());
        fields.put("measured", measured.orElse(null));
        fields.put("passed", passed());
        fields.put("text", text());
        return fields;
    }

    private static String number(double value) {
        return new BigDecimal(value).round(DIGITS).stripTrailingZeros().toPlainString();
    }
}
