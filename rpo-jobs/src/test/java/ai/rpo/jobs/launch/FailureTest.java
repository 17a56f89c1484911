package ai.rpo.jobs.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.net.ConnectException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailureTest {

    @ParameterizedTest
    @CsvSource({"CONFIGURATION, 2", "DATA, 3", "RETRYABLE, 5", "OTHER, 1"})
    void aKnownFailureIsFoundBelowWhatSparkWrapsAroundIt(RpoException.Kind kind, int exitCode) {
        RpoException known = new RpoException(kind, "Cannot score the pair: why. What to do.");
        Exception thrown = new RuntimeException(new SparkException("Job aborted due to stage failure", known));

        assertEquals(new Failure(exitCode, known.getMessage(), true), Failure.of("score", thrown));
    }

    @Test
    void aBugIsNamedWithoutItsStackTrace() {
        Exception thrown =
                new SparkException("Job aborted: Lost task 0.0: java.lang.X: oops\n\tat a.b.C.d(C.java:1)\n", null);

        Failure failure = Failure.of("score", thrown);

        assertEquals(1, failure.exitCode());
        assertFalse(failure.expected());
        assertTrue(
                failure.message().startsWith("Cannot score: Job aborted: Lost task 0.0: java.lang.X: oops. "),
                failure.message());
        assertFalse(failure.message().contains("\n"), failure.message());
    }

    @Test
    void whatMayPassIsWorthRetrying() {
        assertEquals(
                5,
                Failure.of("score", new RuntimeException(new ConnectException("refused")))
                        .exitCode());
        assertEquals(
                5,
                Failure.of("score", new SparkException("Task 1 failed 4 times: ExecutorLostFailure (executor 2)", null))
                        .exitCode());
        assertEquals(1, Failure.of("score", new NullPointerException()).exitCode());
    }

    @Test
    void tooLittleMemorySaysWhatHelps() {
        Failure failure = Failure.of("train", new SparkException("aborted", new OutOfMemoryError("Java heap space")));

        assertTrue(failure.message().contains("rpo.train.tokens-per-micro-batch"), failure.message());
    }
}
