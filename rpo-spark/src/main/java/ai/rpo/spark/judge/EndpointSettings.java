package ai.rpo.spark.judge;

import ai.rpo.core.CostOnly;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The keys of {@code rpo.judge.endpoint}: a server that speaks OpenAI's chat-completions protocol.
 *
 * @param url up to and without {@code /chat/completions}
 * @param model that is asked for
 * @param keyEnv name of the environment variable with the server's key; no key is sent, where absent
 * @param requestsPerSecond of the whole job, retries included
 * @param requestsAtOnce of the whole job
 * @param retries of one question, after the first try
 * @param timeout seconds to wait for an answer
 */
public record EndpointSettings(
        Optional<String> url,
        Optional<String> model,
        @CostOnly Optional<String> keyEnv,
        @CostOnly double requestsPerSecond,
        @CostOnly int requestsAtOnce,
        @CostOnly int retries,
        @CostOnly int timeout) {

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    public EndpointSettings {
        List<String> problems = new ArrayList<>();
        // What is wrong here may be a key, so it is not repeated.
        url.flatMap(EndpointSettings::problemOf).ifPresent(problem -> problems.add("url must " + problem));
        if (keyEnv.isPresent() && !VARIABLE.matcher(keyEnv.get()).matches()) {
            problems.add(
                    "key-env must be the name of an environment variable that holds the key, but is something else");
        }
        if (!(requestsPerSecond > 0 && requestsPerSecond < Double.POSITIVE_INFINITY)) {
            problems.add("requests-per-second must be above 0, but is " + requestsPerSecond);
        }
        if (requestsAtOnce < 1) {
            problems.add("requests-at-once must be at least 1, but is " + requestsAtOnce);
        }
        if (retries < 0) {
            problems.add("retries must be at least 0, but is " + retries);
        }
        if (timeout < 1) {
            problems.add("timeout must be at least 1, but is " + timeout);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static Optional<String> problemOf(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            return Optional.of("be the address of a server, but cannot be read as one");
        }
        boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
        if (!http || uri.getHost() == null) {
            return Optional.of("begin with http:// or https:// and name a server, but does not");
        }
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            return Optional.of("have no user, password or parameters in it, but has; a key belongs into the environment"
                    + " variable that key-env names");
        }
        return Optional.empty();
    }
}
