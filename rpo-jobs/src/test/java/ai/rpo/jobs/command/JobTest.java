package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class JobTest {

    /** Scala's MatchError is none of Java's exceptions; a stack may overflow anywhere. */
    @Test
    void anErrorOfAnyKindIsAFailureAndNotAnInterruption(@TempDir Path folder) throws IOException {
        JobOptions options = new JobOptions();
        new CommandLine(options).parseArgs("-D", "rpo.output=" + folder);

        int exitCode = new Job("train", options).make(List.of("rpo.output"), stages -> {
            throw new StackOverflowError("too deep");
        });

        assertEquals(1, exitCode);
        var status = new ObjectMapper().readTree(Files.readString(folder.resolve("status.json")));
        assertEquals("failed", status.get("state").asText());
        assertEquals(1, status.get("exit_code").asInt());
    }
}
