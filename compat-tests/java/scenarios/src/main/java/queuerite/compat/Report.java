package queuerite.compat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.opentest4j.TestAbortedException;

/**
 * Writes one JUnit document for the whole run, to the file that the system property
 * {@code compat.report} names. JUnit's own writer gives a reason to skip no attribute of its own.
 */
public final class Report implements TestExecutionListener {
    private static final Pattern NO_XML = Pattern.compile("[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F]");

    private record Case(String type, String name, Duration time, String skipped,
                        Throwable failure) { }

    private final Map<String, Instant> started = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Case> cases = new ConcurrentLinkedQueue<>();
    private Instant start;

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        start = Instant.now();
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), Instant.now());
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        add(test, reason, null);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Throwable thrown = result.getThrowable().orElse(null);
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            add(test, thrown instanceof TestAbortedException
                ? thrown.getMessage() : String.valueOf(thrown), null);
        } else if (test.isTest() || thrown != null) {
            // A class that does not even start has no tests, but it has failed.
            add(test, null, thrown);
        }
    }

    private void add(TestIdentifier test, String skipped, Throwable failure) {
        MethodSource method = test.getSource().filter(MethodSource.class::isInstance)
            .map(MethodSource.class::cast).orElse(null);
        Instant begin = started.getOrDefault(test.getUniqueId(), Instant.now());
        cases.add(new Case(
            method == null ? test.getLegacyReportingName() : method.getClassName(),
            method == null ? test.getLegacyReportingName() : method.getMethodName(),
            Duration.between(begin, Instant.now()), skipped, failure));
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        String file = System.getProperty("compat.report");
        if (file == null) {
            return;
        }
        try (OutputStream out = Files.newOutputStream(Path.of(file))) {
            write(out);
        } catch (IOException | XMLStreamException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }

    private void write(OutputStream out) throws XMLStreamException {
        List<Case> sorted = cases.stream()
            .sorted((a, b) -> (a.name + a.type).compareTo(b.name + b.type)).toList();
        XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(out, "UTF-8");
        xml.writeStartDocument("UTF-8", "1.0");
        xml.writeCharacters("\n");
        xml.writeStartElement("testsuite");
        xml.writeAttribute("name", System.getProperty("compat.column", "java"));
        xml.writeAttribute("tests", String.valueOf(sorted.size()));
        xml.writeAttribute("failures",
            String.valueOf(sorted.stream().filter(one -> one.failure != null).count()));
        xml.writeAttribute("errors", "0");
        xml.writeAttribute("skipped",
            String.valueOf(sorted.stream().filter(one -> one.skipped != null).count()));
        xml.writeAttribute("time", seconds(Duration.between(start, Instant.now())));
        for (Case one : sorted) {
            xml.writeCharacters("\n  ");
            write(xml, one);
        }
        xml.writeCharacters("\n");
        xml.writeEndElement();
        xml.writeCharacters("\n");
        xml.writeEndDocument();
        xml.close();
    }

    private static void write(XMLStreamWriter xml, Case one) throws XMLStreamException {
        xml.writeStartElement("testcase");
        xml.writeAttribute("name", one.name);
        xml.writeAttribute("classname", one.type);
        xml.writeAttribute("time", seconds(one.time));
        if (one.skipped != null) {
            xml.writeStartElement("skipped");
            xml.writeAttribute("message", clean(one.skipped));
            xml.writeEndElement();
        }
        if (one.failure != null) {
            xml.writeStartElement("failure");
            xml.writeAttribute("message", clean(String.valueOf(one.failure.getMessage())));
            xml.writeAttribute("type", one.failure.getClass().getName());
            StringWriter trace = new StringWriter();
            one.failure.printStackTrace(new PrintWriter(trace));
            xml.writeCharacters(clean(trace.toString()));
            xml.writeEndElement();
        }
        xml.writeEndElement();
    }

    private static String seconds(Duration time) {
        return String.valueOf(time.toMillis() / 1000.0);
    }

    private static String clean(String text) {
        return NO_XML.matcher(text).replaceAll("\uFFFD");
    }
}
