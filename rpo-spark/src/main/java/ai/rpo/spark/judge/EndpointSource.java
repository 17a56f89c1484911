package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.ChatCompletions;
import ai.rpo.core.judge.ChatCompletions.LengthField;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.ServerReply.Again;
import ai.rpo.core.judge.ServerReply.Answered;
import ai.rpo.core.judge.ServerReply.Hopeless;
import ai.rpo.core.judge.ServerReply.Outcome;
import ai.rpo.core.judge.ServerReply.Unanswerable;
import ai.rpo.spark.device.Cores;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Asks a server of the chat-completions protocol. The limits of the whole job are divided among its tasks. */
final class EndpointSource implements AnswerSource {

    private static final long serialVersionUID = 1L;

    /** After so many questions in a row without an answer, the server is down rather than the questions bad. */
    private static final int MOST_FAILED = 3;

    private static final long WAIT_MILLIS = 100;

    /**
     * Times the lanes there are, so that no lane waits for the next question while answers are written to the store.
     */
    private static final int LANES_AHEAD = 2;

    /** Waits for answers that are on their way when a task gives up. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    private final Endpoint endpoint;
    private final String model;
    private final double requestsPerSecond;
    private final int requestsAtOnce;
    private final int retries;
    private final boolean allowMissing;
    private LengthField length = LengthField.MAX_TOKENS;

    /**
     * @param settings with a URL and a model
     * @param key null where none is sent
     * @param allowMissing whether questions may stay without an answer
     */
    EndpointSource(EndpointSettings settings, EndpointKey key, boolean allowMissing) {
        endpoint = new Endpoint(settings.url().orElseThrow(), key, Duration.ofSeconds(settings.timeout()));
        model = settings.model().orElseThrow();
        requestsPerSecond = settings.requestsPerSecond();
        requestsAtOnce = settings.requestsAtOnce();
        retries = settings.retries();
        this.allowMissing = allowMissing;
    }

    @Override
    public String name() {
        return model;
    }

    @Override
    public String identity() {
        return String.join("\n", "endpoint", endpoint.url(), model);
    }

    @Override
    public int tasks(Cores cores) {
        return Math.min(requestsAtOnce, cores.slots());
    }

    @Override
    public void probe(Collection<Question.Options> kinds, Asking longest, Sink sink) {
        EndpointProbe probe = new EndpointProbe(endpoint, model, retries, new Pace(requestsPerSecond, Duration.ZERO));
        try {
            length = probe.lengthField(kinds);
            probe.longest(longest, length, allowMissing, sink);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while it asked the judge", e);
        }
    }

    /** Says what came of one question. */
    private record Done(Asking asking, Outcome outcome) {}

    @Override
    public void answer(Share share, Iterator<Asking> questions, Sink sink) throws InterruptedException {
        int lanes = share.of(requestsAtOnce);
        Pace pace = new Pace(requestsPerSecond / share.tasks(), Duration.ofNanos((long)
                (1e9 * (share.task() + 1) / requestsPerSecond)));
        EndpointAttempts attempts = new EndpointAttempts(endpoint, retries, pace);
        ExecutorService threads = Executors.newFixedThreadPool(lanes, task -> {
            Thread thread = new Thread(task, "judge");
            thread.setDaemon(true);
            return thread;
        });
        BlockingQueue<Done> done = new LinkedBlockingQueue<>();
        try {
            int waiting = 0;
            int failed = 0;
            RpoException over = null;
            long end = Long.MAX_VALUE;
            while (true) {
                while (over == null && waiting < LANES_AHEAD * lanes && questions.hasNext()) {
                    Asking asking = questions.next();
                    threads.execute(() -> done.add(new Done(asking, outcome(attempts, asking))));
                    waiting++;
                }
                if (waiting == 0 || over != null && System.nanoTime() - end > 0) {
                    break;
                }
                Done next = done.poll(WAIT_MILLIS, TimeUnit.MILLISECONDS);
                for (long repeated = attempts.repeated(); repeated > 0; repeated--) {
                    sink.repeated();
                }
                sink.waiting();
                if (next == null) {
                    continue;
                }
                waiting--;
                RpoException reason = take(next, sink);
                failed = next.outcome instanceof Again ? failed + 1 : 0;
                if (over == null && failed == MOST_FAILED) {
                    reason = new RpoException(
                            Kind.RETRYABLE,
                            cannotAsk() + MOST_FAILED + " questions in a row had no answer, the last because "
                                    + ((Again) next.outcome).why() + ". Check the server, and run the command again; it"
                                    + " asks only what is not answered.");
                }
                if (over == null && reason != null) {
                    over = reason;
                    attempts.giveUp();
                    end = System.nanoTime() + GRACE.toNanos();
                }
            }
            if (over != null) {
                throw over;
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** @return why there is no use in going on; null where there is */
    private RpoException take(Done done, Sink sink) {
        if (done.outcome instanceof Answered answered) {
            sink.answered(done.asking, answered.answer());
        } else if (done.outcome instanceof Unanswerable unanswerable) {
            sink.failed(done.asking, unanswerable.why());
        } else if (done.outcome instanceof Again again) {
            sink.failed(done.asking, again.why());
        } else if (done.outcome instanceof Hopeless hopeless) {
            return new RpoException(hopeless.kind(), cannotAsk() + hopeless.why() + ". " + hopeless.remedy());
        }
        return null;
    }

    private String cannotAsk() {
        return EndpointProbe.cannotAsk(model, endpoint);
    }

    private Outcome outcome(EndpointAttempts attempts, Asking asking) {
        try {
            return attempts.of(
                    ChatCompletions.request(model, asking.question(), length).toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Unanswerable("the task was stopped", false);
        } catch (RuntimeException e) {
            return new Hopeless(Kind.OTHER, e.toString(), "Nobody foresaw this; the log has more.");
        }
    }
}
