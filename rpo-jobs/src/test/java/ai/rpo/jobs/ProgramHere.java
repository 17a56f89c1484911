package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs {@link Main} in this JVM, which is warm, and keeps what it prints. */
public final class ProgramHere {

    private ProgramHere() {}

    /** Runs a command that is to end with this exit code, and gives all that it printed. */
    public static String printed(int exitCode, List<String> arguments) {
        Outcome outcome = run(arguments);
        String printed = outcome.out() + outcome.err();
        assertEquals(exitCode, outcome.exitCode(), printed);
        return printed;
    }

    static Outcome run(List<String> arguments) {
        PrintStream screen = System.out;
        PrintStream errors = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int exitCode = Main.execute(arguments.toArray(String[]::new));
            return new Outcome(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(screen);
            System.setErr(errors);
        }
    }
}
