package ai.rpo.s3;

import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;
import org.jclouds.blobstore.domain.StorageMetadata;
import org.jclouds.blobstore.options.ListContainerOptions;

/** An S3 server on the loopback interface with one bucket in memory. */
final class ObjectStore implements AutoCloseable {

    private static final String BUCKET = "bucket";
    private static final String KEY = "access";
    private static final String SECRET = "secret";

    private final BlobStoreContext context;
    private final BlobStore blobs;
    private final S3Proxy server;

    ObjectStore() throws Exception {
        context = ContextBuilder.newBuilder("transient")
                .credentials("anyone", "anything")
                .build(BlobStoreContext.class);
        blobs = context.getBlobStore();
        blobs.createContainerInLocation(null, BUCKET);
        server = S3Proxy.builder()
                .blobStore(blobs)
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .build();
        server.start();
    }

    /** What the program needs to reach it, as arguments. */
    List<String> settings() {
        return List.of(
                "-D", "spark.hadoop.fs.s3a.endpoint=http://127.0.0.1:" + server.getPort(),
                "-D", "spark.hadoop.fs.s3a.path.style.access=true",
                "-D", "spark.hadoop.fs.s3a.access.key=" + KEY,
                "-D", "spark.hadoop.fs.s3a.secret.key=" + SECRET);
    }

    static String uri(String key) {
        return "s3a://" + BUCKET + "/" + key;
    }

    void put(String key, Path file) throws Exception {
        blobs.putBlob(
                BUCKET,
                blobs.blobBuilder(key)
                        .payload(Files.readAllBytes(file))
                        .contentLength(Files.size(file))
                        .build());
    }

    String text(String key) throws Exception {
        try (InputStream in = blobs.getBlob(BUCKET, key).getPayload().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Keys that begin so. */
    List<String> keys(String prefix) {
        return blobs.list(BUCKET, ListContainerOptions.Builder.prefix(prefix).recursive()).stream()
                .map(StorageMetadata::getName)
                .toList();
    }

    void delete(String prefix) {
        keys(prefix).forEach(key -> blobs.removeBlob(BUCKET, key));
    }

    @Override
    public void close() throws Exception {
        server.stop();
        context.close();
    }
}
