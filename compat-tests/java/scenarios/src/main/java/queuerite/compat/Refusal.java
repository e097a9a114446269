package queuerite.compat;

import java.io.StringReader;
import java.util.HashMap;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;

/**
 * What the service said when it refused.
 *
 * @param message the text; where there was a body, with request id and time on lines of their own
 * @param details the elements that follow the message in the error document
 * @param requestId the request id of the answer's headers
 */
public record Refusal(int status, String code, String message, Map<String, String> details,
                      String requestId) {
    /** Reads an error document that is somewhere in this text. */
    public static Refusal parse(int status, String code, String requestId, String text) {
        Map<String, String> elements = new HashMap<>();
        int start = text.indexOf("<Error>");
        int end = text.indexOf("</Error>");
        if (start >= 0 && end > start) {
            try {
                Node root = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .parse(new InputSource(new StringReader(text.substring(start, end + 8))))
                    .getDocumentElement();
                for (Node node = root.getFirstChild(); node != null; node = node.getNextSibling()) {
                    elements.put(node.getNodeName(), node.getTextContent());
                }
            } catch (Exception e) {
                throw new AssertionError("not an error document: " + text, e);
            }
        }
        elements.remove("Code");
        String message = elements.remove("Message");
        return new Refusal(status, code, message, elements, requestId);
    }
}
