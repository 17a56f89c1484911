package ai.rpo.jobs.track;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Holds the keys of {@code rpo.mlflow}.
 *
 * @param trackingUri of an MLflow server; nothing is sent where absent
 * @param experiment that runs belong to, made where it is missing
 * @param tokenEnv environment variable with a token for the server; none is sent where absent
 */
public record MlflowSettings(Optional<String> trackingUri, String experiment, Optional<String> tokenEnv) {

    public MlflowSettings {
        List<String> problems = new ArrayList<>();
        trackingUri
                .filter(uri -> !isUsable(uri))
                .ifPresent(uri -> problems.add("tracking-uri must be the http or https"
                        + " address of a server, without a name or password in it"));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static boolean isUsable(String text) {
        try {
            URI uri = URI.create(text);
            return List.of("http", "https").contains(String.valueOf(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getUserInfo() == null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
