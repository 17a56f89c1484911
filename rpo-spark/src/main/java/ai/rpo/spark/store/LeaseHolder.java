package ai.rpo.spark.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The process that holds a lease.
 *
 * @param owner unique
 * @param machine tells machines and process namespaces apart; processes of equal ones can see each other
 * @param startedAt of the process, so that another with its number is not taken for it
 * @param beat grows while the holder lives; negative once it has let go
 */
record LeaseHolder(String owner, String command, String host, String machine, long process, long startedAt, long beat) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long RELEASED = -1;

    static LeaseHolder thisProcess(String owner, String command) {
        ProcessHandle self = ProcessHandle.current();
        return new LeaseHolder(owner, command, thisHost(), machineOf(thisHost()), self.pid(), startOf(self), 0);
    }

    LeaseHolder next() {
        return new LeaseHolder(owner, command, host, machine, process, startedAt, beat + 1);
    }

    LeaseHolder released() {
        return new LeaseHolder(owner, command, host, machine, process, startedAt, RELEASED);
    }

    boolean isReleased() {
        return beat == RELEASED;
    }

    boolean isKnownAlive() {
        return isOfThisMachine()
                && running().filter(found -> startOf(found) == startedAt).isPresent();
    }

    /**
     * A process with the same number and another start may be the same: Linux counts starts from a boot time that moves
     * when the clock is set.
     */
    boolean isKnownDead() {
        return isOfThisMachine() && running().isEmpty();
    }

    private boolean isOfThisMachine() {
        return machine.equals(machineOf(thisHost()));
    }

    private Optional<ProcessHandle> running() {
        return ProcessHandle.of(process).filter(ProcessHandle::isAlive);
    }

    String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A text that is damaged stands for a holder that nobody knows, who has yet to give a sign. */
    static LeaseHolder fromJson(String text) {
        try {
            return JSON.readValue(text, LeaseHolder.class);
        } catch (JsonProcessingException e) {
            return new LeaseHolder("", "?", "?", "", 0, 0, 0);
        }
    }

    /** Names the holder, as in "the command train on host (process 17)". */
    @Override
    public String toString() {
        return "the command " + command + " on " + host + " (process " + process + ")";
    }

    private static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L);
    }

    private static String thisHost() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "?";
        }
    }

    /** Containers may share a name and a kernel, and still not see each other's processes. */
    private static String machineOf(String host) {
        try {
            return host + " "
                    + Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                            .strip() + " " + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException e) {
            return host;
        }
    }
}
