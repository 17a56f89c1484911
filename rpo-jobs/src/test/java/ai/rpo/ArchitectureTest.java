package ai.rpo;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.ENUMS;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** Which way the code of all three modules may depend. */
@AnalyzeClasses(packages = "ai.rpo", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    private static final DescribedPredicate<JavaClass> OURS = resideInAPackage("ai.rpo..");

    private static final DescribedPredicate<HasName> TRAINING_MASTER =
            nameMatching("ai\\.rpo\\.spark\\.train\\.AveragingMaster(\\$.*)?");

    @ArchTest
    static final ArchRule coreKnowsNoSpark = noClasses()
            .that()
            .resideInAPackage("ai.rpo.core..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..");

    @ArchTest
    static final ArchRule objectiveIsPureMathematics = seesOfOurs("ai.rpo.core.objective..", "ai.rpo.core.objective..");

    @ArchTest
    static final ArchRule randomnessKnowsNothingElse = seesOfOurs("ai.rpo.core.random..", "ai.rpo.core.random..");

    /** What is asked and how it is graded needs no model. */
    @ArchTest
    static final ArchRule benchmarksAreTexts = seesOfOurs(
            "ai.rpo.core.benchmark..",
            "ai.rpo.core",
            "ai.rpo.core.benchmark..",
            "ai.rpo.core.preference..",
            "ai.rpo.core.random..");

    @ArchTest
    static final ArchRule theGaugeIsPureMathematics = seesOfOurs("ai.rpo.core.gauge..", "ai.rpo.core.gauge..");

    @ArchTest
    static final ArchRule theTheoryStandsOnTheLossAlone =
            seesOfOurs("ai.rpo.core.theory..", "ai.rpo.core.objective", "ai.rpo.core.gauge", "ai.rpo.core.theory..");

    @ArchTest
    static final ArchRule tensorsKnowNoModel =
            seesOfOurs("ai.rpo.core.tensor..", "ai.rpo.core", "ai.rpo.core.tensor..");

    /** So that a machine needs of it no more than this package, the interface and JNA. */
    @ArchTest
    static final ArchRule theCudaEngineStandsAlone = classes()
            .that()
            .resideInAPackage("ai.rpo.core.tensor.cuda..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "ai.rpo.core.tensor", "ai.rpo.core.tensor.cuda..", "com.sun.jna..", "java..", "org.slf4j..");

    @ArchTest
    static final ArchRule modelFilesKnowOnlyTensors =
            seesOfOurs("ai.rpo.core.model..", "ai.rpo.core", "ai.rpo.core.model..", "ai.rpo.core.tensor");

    @ArchTest
    static final ArchRule preferencesComeFirst =
            seesOfOurs("ai.rpo.core.preference..", "ai.rpo.core", "ai.rpo.core.preference..");

    @ArchTest
    static final ArchRule textComesFromPreferences =
            seesOfOurs("ai.rpo.core.text..", "ai.rpo.core", "ai.rpo.core.preference..", "ai.rpo.core.text..");

    @ArchTest
    static final ArchRule judgesKnowNoModel = seesOfOurs(
            "ai.rpo.core.judge..",
            "ai.rpo.core",
            "ai.rpo.core.judge..",
            "ai.rpo.core.preference",
            "ai.rpo.core.random");

    /** So that a file of annotations is counted anywhere. */
    @ArchTest
    static final ArchRule judgesReachNothing = noClasses()
            .that()
            .resideInAPackage("ai.rpo.core.judge..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "java.nio.file..");

    @ArchTest
    static final ArchRule decoderIsBuiltOfTensors = seesOfOurs(
            "ai.rpo.core.decoder..",
            "ai.rpo.core",
            "ai.rpo.core.decoder..",
            "ai.rpo.core.model..",
            "ai.rpo.core.tensor");

    @ArchTest
    static final ArchRule trainingKnowsNoEngine = seesOfOurs(
            "ai.rpo.core.train..",
            "ai.rpo.core",
            "ai.rpo.core.decoder..",
            "ai.rpo.core.loss..",
            "ai.rpo.core.model..",
            "ai.rpo.core.objective..",
            "ai.rpo.core.random..",
            "ai.rpo.core.tensor",
            "ai.rpo.core.train..");

    /** Whoever computes takes a backend from {@code Backends}; kinds of them are found, not named. */
    @ArchTest
    static final ArchRule nobodyNamesABackend = noClasses()
            .that(OURS.and(not(resideInAPackage("ai.rpo.core.tensor..")))
                    .and(not(resideInAPackage("ai.rpo.core.dl4j..")))
                    .and(not(resideInAPackage("ai.rpo.spark.device.."))))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ai.rpo.core.tensor.cpu..", "ai.rpo.core.tensor.cuda..", "ai.rpo.core.tensor.nd4j..");

    /** Networks of DL4J's are made where workers train, and nowhere else. */
    @ArchTest
    static final ArchRule onlyTrainingUsesDl4jsNetworks = noClasses()
            .that(OURS.and(not(resideInAPackage("ai.rpo.core.dl4j..")))
                    .and(not(resideInAPackage("ai.rpo.spark.train.."))))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.rpo.core.dl4j..");

    /** DL4J hands batches to the trainer and brings Spark's entry point; nobody else knows it. */
    @ArchTest
    static final ArchRule dl4jIsASkin = noClasses()
            .that(OURS.and(not(resideInAPackage("ai.rpo.core.dl4j..")).and(not(TRAINING_MASTER.forSubtype()))))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.deeplearning4j..", "org.datavec..");

    @ArchTest
    static final ArchRule arraysOfNd4jStayBehindTensors = noClasses()
            .that(OURS.and(not(resideInAPackage("ai.rpo.core.dl4j.."))
                    .and(not(resideInAPackage("ai.rpo.core.tensor.nd4j..")))
                    .and(not(TRAINING_MASTER.forSubtype()))))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.nd4j..");

    /** What an executor holds is described by the stages and known to none of them. */
    @ArchTest
    static final ArchRule anExecutorsRuntimeKnowsNoStage =
            seesOfOurs("ai.rpo.spark.runtime..", "ai.rpo.core..", "ai.rpo.spark.device..", "ai.rpo.spark.runtime..");

    /** File names, keys and records must not depend on where a machine thinks it is. */
    @ArchTest
    static final ArchRule textIsFormattedWithoutTheMachinesLocale = noClasses()
            .should()
            .callMethod(String.class, "format", String.class, Object[].class)
            .orShould()
            .callMethod(String.class, "formatted", Object[].class);

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("ai.rpo.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule noDrawersForOddsAndEnds = classes()
            .should()
            .resideOutsideOfPackages("..util..", "..utils..", "..common..", "..helper..", "..helpers..", "..misc..")
            .andShould()
            .haveSimpleNameNotEndingWith("Util")
            .andShould()
            .haveSimpleNameNotEndingWith("Utils")
            .andShould()
            .haveSimpleNameNotEndingWith("Helper")
            .andShould()
            .haveSimpleNameNotEndingWith("Manager");

    @ArchTest
    static final ArchRule ourClassesInheritFromNoneOfOurs =
            classes().that(not(ENUMS)).should(inheritFromNoneOfOurs());

    /** Classes of {@code packages} may use, of this project, only classes of {@code allowed}. */
    private static ArchRule seesOfOurs(String packages, String... allowed) {
        return noClasses()
                .that()
                .resideInAPackage(packages)
                .should()
                .dependOnClassesThat(OURS.and(not(JavaClass.Predicates.resideInAnyPackage(allowed))));
    }

    private static ArchCondition<JavaClass> inheritFromNoneOfOurs() {
        return new ArchCondition<>("extend no class of this project") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getRawSuperclass()
                        .filter(parent -> OURS.test(parent) && !parent.isEnum())
                        .ifPresent(parent -> events.add(
                                SimpleConditionEvent.violated(type, type.getName() + " extends " + parent.getName())));
            }
        };
    }
}
