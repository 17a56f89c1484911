package ai.rpo.jobs.track;

import ai.rpo.core.RpoException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Checks addresses of servers that are told of runs, and reads their tokens. */
final class Servers {

    static final String ADDRESS = "must be the http or https address of a server, without a name or password in it";

    private Servers() {}

    static boolean isAddress(String text) {
        try {
            URI uri = URI.create(text);
            return List.of("http", "https").contains(String.valueOf(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getUserInfo() == null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Reads a token.
     *
     * @param server its name, for people
     * @param key that names the variable
     * @param environment value of a variable; null where there is none
     * @throws RpoException where the variable has none
     */
    static Optional<String> token(
            String server, String key, Optional<String> variable, UnaryOperator<String> environment) {
        return variable.map(name -> {
            String token = environment.apply(name);
            if (token == null || token.isBlank() || !token.strip().chars().allMatch(c -> c > ' ' && c < 127)) {
                throw RpoException.configuration("Cannot tell " + server + ": the environment has no variable " + name
                        + " with a token in it. Set it where the job is started, or leave out " + key + ".");
            }
            return token.strip();
        });
    }
}
