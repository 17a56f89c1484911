package ai.rpo.cluster;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads manifests as the API server does that is asked to validate strictly: what its schema does not have is an error. */
final class KubernetesYaml {

    private static final ObjectMapper STRICT = new ObjectMapper().setAnnotationIntrospector(new NoPlaceForTheUnknown());

    private KubernetesYaml() {}

    /** The generated classes keep what they do not know in a map; without it, Jackson refuses it. */
    private static final class NoPlaceForTheUnknown extends JacksonAnnotationIntrospector {

        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated member) {
            return false;
        }

        @Override
        public JsonIgnoreProperties.Value findPropertyIgnoralByName(MapperConfig<?> config, Annotated type) {
            return JsonIgnoreProperties.Value.empty();
        }
    }

    /** The documents of a file of {@code deploy/}. */
    static List<JsonNode> documents(String file) throws IOException {
        Path path = SparkHome.CHECKOUT.resolve("deploy").resolve(file);
        List<JsonNode> documents = new ArrayList<>();
        YAMLFactory yaml = new YAMLFactory();
        new ObjectMapper(yaml)
                .readerFor(JsonNode.class)
                .<JsonNode>readValues(yaml.createParser(path.toFile()))
                .forEachRemaining(documents::add);
        return documents;
    }

    /** @throws JsonProcessingException for a field or a type that the class does not have */
    static <T> T read(JsonNode document, Class<T> type) throws JsonProcessingException {
        return STRICT.treeToValue(document, type);
    }
}
