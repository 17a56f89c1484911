package ai.rpo.jobs.registry;

import ai.rpo.core.RpoException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * A registered model as it is found.
 *
 * @param number from 1, never given twice
 * @param folder of the version
 * @param found where it came from; empty if that cannot be read
 * @param damage why it cannot be read
 * @param pruned whether its weights have been deleted
 */
public record Version(int number, Path folder, Optional<Provenance> found, Optional<String> damage, boolean pruned) {

    /** Returns the folder of its model. */
    public Path model() {
        return new Path(folder, Registry.MODEL);
    }

    /** Returns the file of the settings that it was made with. */
    public Path configuration() {
        return new Path(folder, Registry.CONFIGURATION);
    }

    /** @throws RpoException if the version is damaged */
    public Provenance provenance() {
        return found.orElseThrow(() -> RpoException.data("Cannot use version " + number + " of " + registry() + ": "
                + damage.orElseThrow() + ". Run ./rpo registry verify, and promote another version."));
    }

    /** @throws RpoException if its model cannot be used any more */
    Version requireUsable() {
        provenance();
        if (pruned) {
            throw RpoException.configuration("Cannot use version " + number + " of " + registry()
                    + ": it was pruned, so its weights are gone. Promote another version.");
        }
        return this;
    }

    private Path registry() {
        return folder.getParent().getParent();
    }
}
