package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import javax.xml.stream.XMLStreamException;
import org.junit.jupiter.api.function.Executable;
import org.opentest4j.TestAbortedException;

/** What a refusal looks like from the outside, stated once. */
public final class Errors {
    private record Error(int status, String text) { }

    /** The code, its status, and the text the service sends with it (its own spelling included). */
    private static final Map<String, Error> ERRORS = Map.ofEntries(
        error("AuthenticationFailed", 403, "Server failed to authenticate the request. Make sure "
            + "the value of Authorization header is formed correctly including the signature."),
        error("AuthorizationFailure", 403,
            "This request is not authorized to perform this operation."),
        error("AuthorizationPermissionMismatch", 403,
            "This request is not authorized to perform this operation using this permission."),
        error("AuthorizationProtocolMismatch", 403,
            "This request is not authorized to perform this operation using this protocol."),
        error("AuthorizationResourceTypeMismatch", 403,
            "This request is not authorized to perform this operation using this resource type."),
        error("AuthorizationServiceMismatch", 403,
            "This request is not authorized to perform this operation using this service."),
        // The address of the caller follows.
        error("AuthorizationSourceIPMismatch", 403,
            "This request is not authorized to perform this operation using this source IP "),
        error("InsufficientAccountPermissions", 403, "Write operations are not allowed."),
        error("InvalidAuthenticationInfo", 401, "Server failed to authenticate the request. Please "
            + "refer to the information in the www-authenticate header."),
        error("InvalidMetadata", 400,
            "The metadata specified is invalid. It has characters that are not permitted."),
        error("InvalidQueryParameterValue", 400,
            "Value for one of the query parameters specified in the request URI is invalid."),
        error("InvalidResourceName", 400,
            "The specifed resource name contains invalid characters."),
        error("InvalidXmlDocument", 400, "XML specified is not syntactically valid."),
        error("MessageNotFound", 404, "The specified message does not exist."),
        error("MetadataTooLarge", 400,
            "The size of the specified metadata exceeds the maximum size permitted."),
        error("NoAuthenticationInformation", 401, "Server failed to authenticate the request. "
            + "Please refer to the information in the www-authenticate header."),
        error("OutOfRangeInput", 400,
            "The specified resource name length is not within the permissible limits."),
        error("OutOfRangeQueryParameterValue", 400, "One of the query parameters specified in the "
            + "request URI is outside the permissible range."),
        error("QueueAlreadyExists", 409, "The specified queue already exists."),
        error("QueueNotFound", 404, "The specified queue does not exist."),
        error("RequestBodyTooLarge", 413,
            "The request body is too large and exceeds the maximum permissible limit."),
        error("ResourceNotFound", 404, "The specified resource does not exist."));

    private Errors() {
    }

    /** Expects the service to refuse with this code, its status and its text. */
    public static Refusal refused(String code, Executable call) {
        return refused(code, ERRORS.get(code).text, call);
    }

    /** Expects the service to refuse with this code, its status, and a text of its own. */
    public static Refusal refused(String code, String text, Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call);
        if (thrown instanceof TestAbortedException skipped) {
            throw skipped;
        }
        Refusal refusal = Sdk.current().refusal(thrown);
        if (refusal == null) {
            throw new AssertionError("the service was to refuse with " + code, thrown);
        }
        assertEquals(ERRORS.get(code).status + " " + code,
            refusal.status() + " " + refusal.code(), () -> "instead: " + refusal);
        assertNotNull(refusal.message(), () -> "no text came with " + refusal);
        String first = refusal.message().strip().lines().findFirst().orElse("");
        assertTrue(code.equals("AuthorizationSourceIPMismatch")
            ? first.startsWith(text) : first.equals(text), refusal::message);
        return refusal;
    }

    /**
     * The same where libraries that check what they are given may refuse before anything is sent;
     * for the others it is the service that must.
     */
    public static void refusedOrBarred(String code, Executable call) {
        if (Sdk.current().checksBeforeSending()) {
            refusedOrUnwritable(code, call);
        } else {
            refused(code, call);
        }
    }

    /** The same for what no library needs to be able to write. */
    public static void refusedOrUnwritable(String code, Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call);
        if (!isBarred(thrown)) {
            refused(code, () -> {
                throw thrown;
            });
        }
    }

    /** Expects the library to refuse by itself. */
    public static void barred(Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call);
        if (!isBarred(thrown)) {
            throw new AssertionError("the library was to refuse by itself", thrown);
        }
    }

    private static boolean isBarred(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalArgumentException
                || cause instanceof XMLStreamException) {
                return true;
            }
        }
        return false;
    }

    private static Map.Entry<String, Error> error(String code, int status, String text) {
        return Map.entry(code, new Error(status, text));
    }
}
