package ai.rpo.spark.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Runs Python programs that nobody has read, each in a process of its own without a network, with limits of time, memory,
 * processes and written bytes, and nothing of the machine to write to: Linux namespaces (unshare), a root of their own, and
 * prlimit. Whether the machine allows all of it is tried before the first program; where it does not, none is run.
 */
final class ProgramRunner {

    /** Limits a program by the clock, on a machine that has no time for it; bounds.sh limits its time on the processor. */
    private static final Duration TIME = Duration.ofSeconds(20);

    /** Limits what comes before the program, which a busy machine may take its time for. */
    private static final Duration SETUP_TIME = Duration.ofSeconds(60);

    /** Limits all of it, in seconds. */
    private static final String LONGEST = "120";

    private static final String FIRST_WORD = "begun\n";

    private static final class OfThisJvm {
        private static final ProgramRunner INSTANCE = find();
    }

    private final List<String> namespaces;
    private final boolean isRoot;
    private final String python;
    private final String prefix;
    private final String missing;

    private ProgramRunner(List<String> namespaces, boolean isRoot, String python, String prefix, String missing) {
        this.namespaces = namespaces;
        this.isRoot = isRoot;
        this.python = python;
        this.prefix = prefix;
        this.missing = missing;
    }

    /** Tried once for each JVM. */
    static ProgramRunner ofThisJvm() {
        return OfThisJvm.INSTANCE;
    }

    /** Says what this machine lacks to keep programs in bounds, if anything. */
    Optional<String> missing() {
        return Optional.ofNullable(missing);
    }

    /**
     * Runs a program to its end.
     *
     * @return what went wrong; empty where it ended without an exception
     */
    Optional<String> run(String program) {
        return run(program, TIME);
    }

    /** Runs a program to its end, with another limit of time. */
    Optional<String> run(String program, Duration time) {
        if (missing != null) {
            throw new IllegalStateException("programs cannot be run here: " + missing);
        }
        return attempt(program, time);
    }

    private static ProgramRunner find() {
        String host = host();
        List<String> found;
        try {
            found = BoundedProcess.lines(
                    "python3",
                    "-c",
                    "import os, sys; print(os.path.realpath(sys.executable)); print(os.path.realpath(sys.base_prefix));"
                            + " print(os.getuid())");
        } catch (IOException e) {
            return none(host + " has no python3 on its path");
        }
        if (found.size() != 3) {
            return none("python3 on " + host + " does not run");
        }
        List<String> common = List.of("--net", "--pid", "--fork", "--kill-child", "--mount", "--ipc", "--uts");
        List<String> unprivileged = new ArrayList<>(List.of("unshare", "--user", "--map-root-user"));
        unprivileged.addAll(common);
        List<String> privileged = new ArrayList<>(List.of("unshare"));
        privileged.addAll(common);
        String python = found.get(0);
        String prefix = found.get(1);
        boolean isRoot = found.get(2).equals("0");
        // Root in its own right is bound by no limit of processes, so it becomes somebody else at last.
        List<ProgramRunner> ways = new ArrayList<>();
        if (isRoot) {
            ways.add(new ProgramRunner(privileged, true, python, prefix, null));
        }
        ways.add(new ProgramRunner(unprivileged, false, python, prefix, null));
        Optional<String> problem = Optional.empty();
        for (ProgramRunner way : ways) {
            problem = way.attempt(resource("probe.py"), TIME);
            if (problem.isEmpty()) {
                return way;
            }
        }
        return none("on " + host + ", " + problem.orElseThrow().replaceFirst("^Exception: ", ""));
    }

    private static ProgramRunner none(String missing) {
        return new ProgramRunner(List.of(), false, "", "", missing);
    }

    private Optional<String> attempt(String program, Duration time) {
        SplittableRandom random = new SplittableRandom();
        String passed = "passed " + Long.toUnsignedString(random.nextLong(), 36) + "\n";
        // A user of its own for each, since a limit of processes counts all that a user has.
        String user = isRoot ? String.valueOf(random.nextInt(1 << 20, 1 << 30)) : "";
        try (BoundedProcess process = BoundedProcess.start(root -> {
            // Ends by itself where this JVM is killed and can end nothing any more.
            List<String> command = new ArrayList<>(List.of("timeout", "-s", "KILL", LONGEST));
            command.addAll(namespaces);
            command.addAll(List.of(
                    "sh",
                    "-c",
                    resource("bounds.sh"),
                    "bounds",
                    root.toString(),
                    python,
                    prefix,
                    resource("run.py"),
                    user));
            return command;
        })) {
            process.send(passed + program);
            if (!process.says(FIRST_WORD, SETUP_TIME)) {
                return Optional.of("no bounds could be set: " + process.errors());
            }
            if (!process.ends(time)) {
                return Optional.of("it took longer than " + time.toSeconds() + " s");
            }
            String output = process.output().substring(FIRST_WORD.length());
            return output.equals(passed)
                    ? Optional.empty()
                    : Optional.of(output.isBlank() ? "it ended before its tests" : output.strip());
        } catch (IOException e) {
            return Optional.of("no process could be started: " + e.getMessage());
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "this machine";
        }
    }

    private static String resource(String name) {
        try (InputStream in = ProgramRunner.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
