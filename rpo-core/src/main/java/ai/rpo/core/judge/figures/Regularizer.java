package ai.rpo.core.judge.figures;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rows that keep AlpacaEval's length control in bounds, those of one model told to be long and to be short, and how
 * difficult each instruction of its evaluation set is.
 *
 * @param preferences in [0, 1]
 * @param lengths standardised difference of lengths, by row
 * @param rowDifficulties of the rows' instructions
 * @param difficulties of the evaluation set's instructions, in its order
 */
public record Regularizer(double[] preferences, double[] lengths, double[] rowDifficulties, double[] difficulties) {

    private static final List<String> COLUMNS =
            List.of("index", "preference", "std_delta_len", "instruction_difficulty");

    /**
     * The reference's own layout, {@code df_gamed.csv}.
     *
     * @param source what to call the file in messages
     * @throws RpoException where it has another
     */
    public static Regularizer parse(String source, String csv) {
        List<String> lines = csv.lines().filter(line -> !line.isBlank()).toList();
        List<String> header =
                lines.isEmpty() ? List.of() : Arrays.asList(lines.get(0).split(",", -1));
        if (!header.containsAll(COLUMNS)) {
            throw RpoException.configuration("Cannot control for length with " + source + ": its first line must name "
                    + String.join(", ", COLUMNS) + ". Give AlpacaEval's df_gamed.csv in"
                    + " rpo.judge.length-control.regularizer.");
        }
        int n = lines.size() - 1;
        double[] preferences = new double[n];
        double[] lengths = new double[n];
        double[] rowDifficulties = new double[n];
        Map<Integer, Double> byIndex = new LinkedHashMap<>();
        for (int i = 0; i < n; i++) {
            List<Double> row = numbers(source, header, lines.get(i + 1), i + 2);
            preferences[i] = row.get(1);
            lengths[i] = row.get(2);
            rowDifficulties[i] = row.get(3);
            byIndex.putIfAbsent(row.get(0).intValue(), row.get(3));
        }
        double[] difficulties = new double[byIndex.size()];
        for (int i = 0; i < difficulties.length; i++) {
            Double difficulty = byIndex.get(i);
            if (difficulty == null) {
                throw RpoException.configuration("Cannot control for length with " + source + ": it has "
                        + difficulties.length + " instructions, and none with the index " + i
                        + ". Fetch the file again.");
            }
            difficulties[i] = difficulty;
        }
        return new Regularizer(preferences, lengths, rowDifficulties, difficulties);
    }

    private static List<Double> numbers(String source, List<String> header, String line, int number) {
        String[] fields = line.split(",", -1);
        List<Double> numbers = new ArrayList<>();
        for (String column : COLUMNS) {
            int at = header.indexOf(column);
            try {
                numbers.add(Double.valueOf(fields[at]));
            } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
                throw RpoException.configuration("Cannot control for length with " + source + ": line " + number
                        + " has no number for " + column + ". Fetch the file again.");
            }
        }
        return numbers;
    }
}
