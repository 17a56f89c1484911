package ai.rpo.spark.judge;

import ai.rpo.core.judge.RetryDelays;
import ai.rpo.core.judge.ServerReply;
import ai.rpo.core.judge.ServerReply.Again;
import ai.rpo.core.judge.ServerReply.Answered;
import ai.rpo.core.judge.ServerReply.Fault;
import ai.rpo.core.judge.ServerReply.Outcome;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Makes a request until it has led somewhere. Shared by the threads of one task. */
final class EndpointAttempts {

    private final Endpoint endpoint;
    private final int retries;
    private final Pace pace;
    private final AtomicLong repeated = new AtomicLong();
    private final AtomicBoolean given = new AtomicBoolean();

    EndpointAttempts(Endpoint endpoint, int retries, Pace pace) {
        this.endpoint = endpoint;
        this.retries = retries;
        this.pace = pace;
    }

    /** No request is made again from now on. */
    void giveUp() {
        given.set(true);
    }

    /** Requests that had to be made again, since this was last asked. */
    long repeated() {
        return repeated.getAndSet(0);
    }

    /** Gives what came of it in the end: {@link Again} where even the last attempt failed. */
    Outcome of(String body) throws InterruptedException {
        for (int retry = 0; ; retry++) {
            int tried = retry;
            pace.await();
            Outcome outcome = once(body);
            if (outcome instanceof Answered) {
                pace.answered();
            }
            if (!(outcome instanceof Again again) || retry == retries || given.get()) {
                return outcome;
            }
            repeated.incrementAndGet();
            Duration wait = again.after()
                    .orElseGet(() -> RetryDelays.before(
                            tried, ThreadLocalRandom.current().nextDouble()));
            if (again.fault() == Fault.CROWDED) {
                pace.crowded(wait);
            } else {
                Thread.sleep(wait.toMillis());
            }
        }
    }

    private Outcome once(String body) throws InterruptedException {
        try {
            ServerReply reply = endpoint.complete(body);
            return reply.outcome(Instant.now());
        } catch (ConnectException e) {
            return new Again("nothing answers at " + endpoint.url(), Optional.empty(), Fault.BROKEN);
        } catch (IOException e) {
            return new Again(String.valueOf(e.getMessage()), Optional.empty(), Fault.BROKEN);
        }
    }
}
