package queuerite.compat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/** Tokens that nobody issued: what they say is checked, who signed them is not. */
public final class Tokens {
    public static final String OBJECT = "11111111-1111-1111-1111-111111111111";
    public static final String TENANT = "22222222-2222-2222-2222-222222222222";
    public static final String AUDIENCE = "https://storage.azure.com";

    private Tokens() {
    }

    public static String valid() {
        return token(AUDIENCE, 3600);
    }

    public static String token(String audience, long lifetime) {
        long now = Instant.now().getEpochSecond();
        String header = "{\"typ\":\"JWT\",\"alg\":\"none\"}";
        String claims = String.format(
            "{\"aud\":\"%s\",\"iss\":\"https://sts.windows.net/%s/\",\"iat\":%d,\"nbf\":%d,"
                + "\"exp\":%d,\"oid\":\"%s\",\"tid\":\"%s\"}",
            audience, TENANT, now - 7200, now - 7200, now + lifetime, OBJECT, TENANT);
        return part(header) + "." + part(claims) + ".";
    }

    private static String part(String json) {
        return Base64.getUrlEncoder().withoutPadding()
            .encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }
}
