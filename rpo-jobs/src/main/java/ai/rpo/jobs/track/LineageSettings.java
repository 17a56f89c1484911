package ai.rpo.jobs.track;

import ai.rpo.core.RpoException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Holds the keys of {@code rpo.openlineage}.
 *
 * @param namespace that the jobs belong to
 * @param url that each event is posted to; none are where absent
 * @param tokenEnv environment variable with a token for that server; none is sent where absent
 */
public record LineageSettings(Optional<String> namespace, Optional<String> url, Optional<String> tokenEnv) {

    private static final String USUAL_NAMESPACE = "default";

    public LineageSettings {
        if (url.filter(address -> !Servers.isAddress(address)).isPresent()) {
            throw new IllegalArgumentException("url " + Servers.ADDRESS);
        }
    }

    /** Tells whether events are written: where a namespace or an address is set. */
    public boolean isOn() {
        return namespace.isPresent() || url.isPresent();
    }

    /** Names the jobs' namespace; where none is set, the one that OpenLineage's own clients take. */
    public String jobs() {
        return namespace.orElse(USUAL_NAMESPACE);
    }

    /**
     * Reads the token.
     *
     * @param environment value of a variable; null where there is none
     * @throws RpoException where the variable has none
     */
    Optional<String> token(UnaryOperator<String> environment) {
        return Servers.token("the server of rpo.openlineage.url", "rpo.openlineage.token-env", tokenEnv, environment);
    }
}
