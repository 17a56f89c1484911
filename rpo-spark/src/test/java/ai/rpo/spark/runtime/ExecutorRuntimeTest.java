package ai.rpo.spark.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.runtime.Role.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExecutorRuntimeTest {

    private final ExecutorRuntime runtime = new ExecutorRuntime(ExecutorDevice.ofThisMachine());
    private final List<String> open = new ArrayList<>();

    /** Workers are the names of their models, counted. */
    private record Named(ExecutorRuntimeTest test, Kind kind, String weights) implements Role<String, String> {

        @Override
        public Object key() {
            return kind + weights;
        }

        @Override
        public String load(ExecutorRuntime runtime) {
            if (weights.isBlank() && kind != Kind.TRAIN) {
                throw new IllegalStateException("cannot be loaded");
            }
            return weights;
        }

        @Override
        public String worker(String shared) {
            String worker = kind.name().charAt(0) + shared + test.open.size();
            test.open.add(worker);
            return worker;
        }

        @Override
        public void close(String worker) {
            test.open.remove(worker);
        }
    }

    @Test
    void workersThatFinishedAreLentAgain() {
        String first = use(Kind.SCORE, "a");
        assertEquals(first, use(Kind.SCORE, "a"));
        assertEquals(List.of(first), open);
    }

    @Test
    void anExceptionInATaskGivesEverythingBack() {
        assertThrows(IllegalStateException.class, () -> {
            try (Loan<String> loan = runtime.borrow(new Named(this, Kind.GENERATE, "a"))) {
                throw new IllegalStateException("in the middle of " + loan.worker());
            }
        });
        assertEquals(List.of(), open);
    }

    @Test
    void twoModelsInTurnDoNotBothStay() {
        for (Kind kind : new Kind[] {Kind.SCORE, Kind.GENERATE}) {
            use(Kind.SCORE, "a");
            String other = use(kind, "b");
            assertEquals(List.of(other), open, kind.name());
            runtime.letGo(kind);
        }
    }

    @Test
    void kindsThatShareTheirModelBothStay() {
        use(Kind.SCORE, "a");
        use(Kind.GENERATE, "a");
        assertEquals(2, open.size());
    }

    @Test
    void trainingTakesTheMemoryAndIsLeftAloneByScoring() {
        use(Kind.SCORE, "a");
        use(Kind.GENERATE, "a");
        String network = use(Kind.TRAIN, "a");
        assertEquals(List.of(network), open);
        use(Kind.SCORE, "b");
        assertEquals(network, use(Kind.TRAIN, "a"));
        runtime.letGo(Kind.TRAIN, "another run");
        assertEquals(List.of(network), open);
        runtime.letGo(Kind.TRAIN, Kind.TRAIN + "a");
        assertEquals(List.of(), open);
    }

    @Test
    void aWorkerThatComesBackAfterItsModelWasLetGoIsClosed() {
        try (Loan<String> loan = runtime.borrow(new Named(this, Kind.SCORE, "a"))) {
            use(Kind.SCORE, "b");
            loan.finished();
        }
        assertEquals(1, open.size());
    }

    @Test
    void whatCannotBeLoadedLeavesNothingBehind() {
        use(Kind.SCORE, "a");
        assertThrows(IllegalStateException.class, () -> use(Kind.SCORE, " "));
        assertEquals(List.of(), open);
        use(Kind.SCORE, "a");
        assertEquals(1, open.size());
    }

    @Test
    void aLoanIsGivenBackOnce() {
        Loan<String> loan = runtime.borrow(new Named(this, Kind.SCORE, "a"));
        loan.finished();
        loan.close();
        loan.close();
        runtime.borrow(new Named(this, Kind.SCORE, "a"));
        runtime.borrow(new Named(this, Kind.SCORE, "a"));
        assertEquals(2, open.size(), "two tasks must not have one worker");
    }

    @Test
    void whatIsLodgedIsLentToOneTaskAtATimeAndClosedByNobody() {
        use(Kind.SCORE, "a");
        Role<String, String> role = new Named(this, Kind.TRAIN, "b");
        runtime.lodge(role, "guest");
        assertEquals("guest", use(Kind.TRAIN, "b"));
        assertEquals(List.of(), open, "training takes the memory");
        try (Loan<String> loan = runtime.borrow(role)) {
            assertEquals("guest", loan.worker());
            assertThrows(IllegalStateException.class, () -> runtime.borrow(role));
        }
        assertThrows(IllegalStateException.class, () -> runtime.borrow(role), "its task did not end well");
        runtime.evict(role);
        assertEquals("Tb0", use(Kind.TRAIN, "b"));
    }

    private String use(Kind kind, String model) {
        try (Loan<String> loan = runtime.borrow(new Named(this, kind, model))) {
            loan.finished();
            return loan.worker();
        }
    }
}
