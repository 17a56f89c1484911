package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import ai.rpo.core.tensor.nd4j.Nd4jStorage;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class WorkspaceTest {

    private final List<Long> allocated = new ArrayList<>();
    private final PlainBackend plain = new PlainBackend();
    private final Workspace workspace = new Workspace((Backend) Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, operation, arguments) -> {
                if (operation.getName().equals("allocateScratch")) {
                    allocated.add((long) arguments[0]);
                }
                return operation.invoke(plain, arguments);
            }));

    @Test
    void oncePassesRepeatNothingIsAllocated() {
        pass();
        pass();
        int warm = allocated.size();
        pass();
        pass();
        assertEquals(warm, allocated.size());
    }

    @Test
    void slabsTakeLittleMoreThanWhatIsUsed() {
        pass();
        long needed = 200 * 64L * 1024;
        assertTrue(allocated.stream().mapToLong(size -> size).sum() < 1.4 * needed, allocated.toString());
        pass();
        assertTrue(allocated.get(allocated.size() - 1) < 1.4 * needed, allocated.toString());
    }

    /** It grows to the largest that was asked for, and no tensor of the stack shares its memory. */
    @Test
    void whatIsUsedUpAtOnceTakesTheSameMemoryEachTime() {
        Tensor kept = workspace.zeros(2, 8);
        int before = allocated.size();
        Tensor first = workspace.brief(2, 8);
        plain.set(new double[16], first);
        assertEquals(before + 1, allocated.size());
        plain.set(new double[] {1, 2, 3, 4}, workspace.brief(1, 4));
        assertEquals(before + 1, allocated.size());
        assertEquals(3, first.toArray()[2]);
        workspace.brief(3, 20);
        assertEquals(60, allocated.get(before + 1));
        assertArrayEquals(new double[16], kept.toArray());
    }

    private void pass() {
        workspace.reset();
        for (int i = 0; i < 200; i++) {
            workspace.tensor(64, 1024);
        }
    }

    @Test
    void tensorsDoNotOverlapUntilReleased() {
        Tensor first = workspace.zeros(3, 5);
        Workspace.Mark mark = workspace.mark();
        Tensor second = workspace.tensor(1, 7);
        plain.add(second, second);
        assertArrayEquals(new double[15], first.toArray());
        workspace.release(mark);
        Tensor third = workspace.zeros(1, 7);
        assertArrayEquals(new double[7], third.toArray());
        assertArrayEquals(new double[15], first.toArray());
    }

    @Test
    void closingFreesWhatWasAllocated() {
        List<Long> freed = new ArrayList<>();
        Backend backend = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, operation, arguments) -> freeing(plain.allocate((long) arguments[0]), freed));
        try (Workspace own = new Workspace(backend)) {
            own.tensor(64, 1024);
            own.tensor(64, 2048);
            assertEquals(List.of(), freed);
        }
        assertEquals(List.of(64 * 1024L, 64 * 2048L), freed);
    }

    private static Storage freeing(Storage storage, List<Long> freed) {
        return (Storage) Proxy.newProxyInstance(
                Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (proxy, operation, arguments) -> {
                    if (operation.getName().equals("free")) {
                        freed.add(storage.size());
                    }
                    return operation.invoke(storage, arguments);
                });
    }

    @Test
    void onlyWhatABackendAllocatedIsFreed() {
        new Nd4jBackend().allocate(10).free();
        Storage shared = Nd4jStorage.of(Nd4j.create(10));
        assertThrows(IllegalStateException.class, shared::free);
    }
}
