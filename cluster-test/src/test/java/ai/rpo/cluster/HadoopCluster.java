package ai.rpo.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonConfigurationKeysPublic;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/** HDFS and YARN in this JVM, on free ports of the loopback interface; containers are processes of their own. */
final class HadoopCluster implements AutoCloseable {

    private final MiniDFSCluster hdfs;
    private final MiniYARNCluster yarn;
    private final FileSystem files;
    private final Path configuration;

    /** Starts both, with everything they write in {@code folder}. */
    HadoopCluster(Path folder) throws IOException {
        Configuration hdfsSettings = new Configuration();
        hdfsSettings.set(
                MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
        hdfs = new MiniDFSCluster.Builder(hdfsSettings).numDataNodes(1).build();
        hdfs.waitActive();
        files = hdfs.getFileSystem();

        YarnConfiguration settings = new YarnConfiguration(hdfs.getConfiguration(0));
        settings.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 256);
        settings.setInt(YarnConfiguration.NM_PMEM_MB, 16 << 10);
        settings.setInt(YarnConfiguration.NM_VCORES, 8);
        settings.set("yarn.scheduler.capacity.root.queues", "default");
        settings.set("yarn.scheduler.capacity.root.default.capacity", "100");
        settings.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1");
        // The addresses that a JVM reserves are no memory.
        settings.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
        // A disk that is nearly full serves a test of minutes.
        settings.setFloat(YarnConfiguration.NM_MAX_PER_DISK_UTILIZATION_PERCENTAGE, 100);
        yarn = new MiniYARNCluster("rpo", 1, 1, 1);
        yarn.init(settings);
        yarn.start();

        Configuration written = new Configuration(yarn.getConfig());
        // A class of the tests of Hadoop.
        written.unset(CommonConfigurationKeysPublic.NET_TOPOLOGY_NODE_SWITCH_MAPPING_IMPL_KEY);
        configuration = Files.createDirectories(folder.resolve("conf"));
        for (String name : new String[] {"core-site.xml", "yarn-site.xml"}) {
            try (OutputStream out = Files.newOutputStream(configuration.resolve(name))) {
                written.writeXml(out);
            }
        }
    }

    /** For {@code HADOOP_CONF_DIR}. */
    Path configuration() {
        return configuration;
    }

    FileSystem files() {
        return files;
    }

    /** Such as {@code hdfs://localhost:8020/data}. */
    String uri(String path) {
        return hdfs.getURI() + path;
    }

    /** Kills the JVM of one executor, as the loss of its machine would, and says whether there was one. */
    static boolean killExecutor() {
        return ProcessHandle.current()
                .descendants()
                .filter(HadoopCluster::isExecutor)
                .findFirst()
                .map(ProcessHandle::destroyForcibly)
                .orElse(false);
    }

    /** Not by {@link ProcessHandle#info}, which has the first 4096 bytes of a command line at most. */
    private static boolean isExecutor(ProcessHandle process) {
        try {
            List<String> command = List.of(Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"))
                    .split("\0"));
            return command.get(0).endsWith("/java")
                    && command.contains("org.apache.spark.executor.YarnCoarseGrainedExecutorBackend");
        } catch (IOException e) {
            return false; // it has ended since
        }
    }

    @Override
    public void close() throws IOException {
        yarn.close();
        files.close();
        hdfs.shutdown(true);
    }
}
