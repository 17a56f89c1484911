package ai.rpo.jobs.track;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Holds the keys of {@code rpo.mlflow}.
 *
 * @param trackingUri of an MLflow server; nothing is sent where absent
 * @param experiment that runs belong to, made where it is missing
 * @param registeredModel of which the registry's versions in production are versions; they are not told of where absent
 * @param tokenEnv environment variable with a token for the server; none is sent where absent
 */
public record MlflowSettings(
        Optional<String> trackingUri, String experiment, Optional<String> registeredModel, Optional<String> tokenEnv) {

    public MlflowSettings {
        List<String> problems = new ArrayList<>();
        trackingUri
                .filter(uri -> !Servers.isAddress(uri))
                .ifPresent(uri -> problems.add("tracking-uri " + Servers.ADDRESS));
        registeredModel
                .filter(name -> !name.matches("[^/:'\"%]+"))
                .ifPresent(
                        name -> problems.add("registered-model must be a name without / : ' \" and %, but is " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /**
     * Reads the token.
     *
     * @param environment value of a variable; null where there is none
     * @throws RpoException where the variable has none
     */
    Optional<String> token(UnaryOperator<String> environment) {
        return Servers.token("MLflow", "rpo.mlflow.token-env", tokenEnv, environment);
    }
}
