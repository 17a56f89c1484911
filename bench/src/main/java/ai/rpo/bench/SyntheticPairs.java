package ai.rpo.bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Writes preference pairs of made-up English as JSON lines, as many as asked for: conversations with lengths spread as
 * in chat data (log-normal; some 75 words of prompt, 50 of each answer on average), the same for the same seed.
 *
 * <p>Runs from its source: {@code java SyntheticPairs.java ROWS FILE}.
 */
final class SyntheticPairs {

    private static final String[] COMMON =
            ("the of and to in a is that it was for on are as with his they at be this have from or one had by word but"
                            + " not what all were we when your can said there use an each which she do how their if will up"
                            + " other about out many then them these so some her would make like him into time has look two"
                            + " more write go see number no way could people my than first water been call who oil its now"
                            + " find long down day did get come made may part because question answer please explain"
                            + " difference between example function value return string user system model language")
                    .split(" ");
    private static final String[] SYLLABLES =
            "ab ac com con de dis er es ex form graph in ing ion ist ity ment mis ness non per phon port pre pro re script sub tele ter tion trans un ver view"
                    .split(" ");
    private static final String[] ENDS = {". ", ". ", ". ", "? ", "! ", ".\n", ", ", ": ", " (", ") ", " - "};

    private final Random random = new Random(20240608);

    private SyntheticPairs() {}

    public static void main(String[] arguments) throws IOException {
        long rows = Long.parseLong(arguments[0]);
        SyntheticPairs pairs = new SyntheticPairs();
        try (BufferedWriter out = Files.newBufferedWriter(Path.of(arguments[1]))) {
            StringBuilder line = new StringBuilder();
            for (long row = 0; row < rows; row++) {
                line.setLength(0);
                pairs.appendRow(line);
                out.append(line).append('\n');
            }
        }
    }

    private void appendRow(StringBuilder line) {
        line.append("{\"prompt\":[{\"role\":\"user\",\"content\":\"");
        appendText(line, words(60));
        line.append("\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"");
        appendText(line, words(40));
        line.append("\"}],\"rejected\":[{\"role\":\"assistant\",\"content\":\"");
        appendText(line, words(40));
        line.append("\"}]}");
    }

    private int words(double median) {
        return (int) Math.max(1, Math.min(400, median * Math.exp(0.7 * random.nextGaussian())));
    }

    private void appendText(StringBuilder line, int words) {
        for (int i = 0; i < words; i++) {
            appendWord(line);
            if (random.nextInt(9) == 0) {
                line.append(ENDS[random.nextInt(ENDS.length)].replace("\n", "\\n"));
            } else {
                line.append(' ');
            }
        }
        line.append("end.");
    }

    /** Three of four are common, the others new compounds, as text has names and rare words. */
    private void appendWord(StringBuilder line) {
        if (random.nextInt(4) > 0) {
            line.append(COMMON[(int) (COMMON.length * Math.pow(random.nextDouble(), 2))]);
            return;
        }
        for (int syllables = 2 + random.nextInt(2); syllables > 0; syllables--) {
            line.append(SYLLABLES[random.nextInt(SYLLABLES.length)]);
        }
    }
}
