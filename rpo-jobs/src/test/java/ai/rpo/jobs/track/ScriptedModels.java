package ai.rpo.jobs.track;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The model registry of a scripted MLflow: one model, its versions and one alias. */
final class ScriptedModels {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> sources = new ArrayList<>();
    private final List<String> production = new ArrayList<>();
    private String alias = "";
    private boolean isMade;

    synchronized List<String> production() {
        return List.copyOf(production);
    }

    synchronized void answer(HttpExchange exchange, String path, String body) throws IOException {
        ObjectNode answer = JSON.createObjectNode();
        JsonNode asked = body.isEmpty() ? answer : JSON.readTree(body);
        if (path.endsWith("registered-models/get")) {
            ObjectNode model = answer.putObject("registered_model");
            if (!alias.isEmpty()) {
                model.withArray("aliases")
                        .addObject()
                        .put("alias", "production")
                        .put("version", alias);
            }
        } else if (path.endsWith("registered-models/create")) {
            isMade = true;
        } else if (path.endsWith("model-versions/search")) {
            String filter = URLDecoder.decode(exchange.getRequestURI().getRawQuery(), StandardCharsets.UTF_8);
            for (int i = 0; i < sources.size(); i++) {
                if (filter.contains("source_path = \"" + sources.get(i) + "\"")) {
                    answer.withArray("model_versions").addObject().put("version", Integer.toString(i + 1));
                }
            }
        } else if (path.endsWith("model-versions/create")) {
            sources.add(asked.path("source").asText());
            answer.putObject("model_version").put("version", Integer.toString(sources.size()));
        } else if (path.endsWith("registered-models/alias")) {
            alias = asked.path("version").asText();
            production.add(sources.get(Integer.parseInt(alias) - 1));
        }
        ScriptedMlflow.send(exchange, path.endsWith("registered-models/get") && !isMade ? 404 : 200, answer.toString());
    }
}
