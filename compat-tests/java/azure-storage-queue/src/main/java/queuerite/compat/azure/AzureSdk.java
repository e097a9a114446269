package queuerite.compat.azure;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.http.HttpHeader;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpPipelinePosition;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.HttpPipelineSyncPolicy;
import com.azure.core.util.UrlBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.QueueMessageEncoding;
import com.azure.storage.queue.QueueServiceClientBuilder;
import com.azure.storage.queue.QueueServiceVersion;
import com.azure.storage.queue.models.QueueStorageException;
import java.net.URI;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import queuerite.compat.Access;
import queuerite.compat.Answer;
import queuerite.compat.Refusal;
import queuerite.compat.Sdk;
import reactor.core.publisher.Mono;

/** What azure-storage-queue's two kinds of client have in common. */
abstract class AzureSdk implements Sdk {
    @Override
    public List<String> versions() {
        return Arrays.stream(QueueServiceVersion.values()).map(QueueServiceVersion::getVersion)
            .toList();
    }

    @Override
    public String version() {
        return QueueServiceVersion.getLatest().getVersion();
    }

    @Override
    public boolean checksBeforeSending() {
        return false;
    }

    @Override
    public Refusal refusal(Throwable thrown) {
        if (!(thrown instanceof QueueStorageException refused)) {
            return null;
        }
        String requestId =
            refused.getResponse().getHeaderValue(HttpHeaderName.fromString("x-ms-request-id"));
        return Refusal.parse(refused.getStatusCode(), refused.getErrorCode().toString(), requestId,
            refused.getServiceMessage());
    }

    static QueueServiceClientBuilder builder(Access access) {
        QueueServiceClientBuilder builder = new QueueServiceClientBuilder()
            .addPolicy(new Wire(access))
            .retryOptions(retries(access))
            .messageEncoding(encoding(access));
        if (access.connectionString != null) {
            builder.connectionString(access.connectionString);
        } else {
            builder.endpoint(access.endpoint);
        }
        if (access.key != null) {
            builder.credential(new StorageSharedKeyCredential(access.account, access.key));
        }
        if (access.sas != null) {
            builder.sasToken(access.sas);
        }
        if (access.token != null) {
            builder.credential(tokens(access));
        }
        if (access.version != null) {
            builder.serviceVersion(version(access.version));
        }
        return builder;
    }

    static QueueClientBuilder builder(String url, Access access) {
        QueueClientBuilder builder = new QueueClientBuilder()
            .addPolicy(new Wire(access))
            .retryOptions(retries(access))
            .messageEncoding(encoding(access))
            .endpoint(url);
        if (access.key != null) {
            builder.credential(new StorageSharedKeyCredential(access.account, access.key));
        }
        if (access.token != null) {
            builder.credential(tokens(access));
        }
        return builder;
    }

    private static RequestRetryOptions retries(Access access) {
        // What a retry replaces is the host, or host and port; the path stays.
        String secondary = access.secondary == null
            ? null : URI.create(access.secondary).getAuthority();
        return new RequestRetryOptions(RetryPolicyType.FIXED, access.tries, (Duration) null,
            Duration.ofMillis(100), Duration.ofMillis(100), secondary);
    }

    private static QueueMessageEncoding encoding(Access access) {
        return access.base64 ? QueueMessageEncoding.BASE64 : QueueMessageEncoding.NONE;
    }

    private static TokenCredential tokens(Access access) {
        return request -> Mono.fromSupplier(
            () -> new AccessToken(access.token.get(), OffsetDateTime.now().plusHours(1)));
    }

    private static QueueServiceVersion version(String version) {
        return Arrays.stream(QueueServiceVersion.values())
            .filter(known -> known.getVersion().equals(version))
            .findFirst()
            .orElseThrow();
    }

    /** Changes requests before they are signed, and passes answers on. */
    private static final class Wire extends HttpPipelineSyncPolicy {
        private final Access access;

        private Wire(Access access) {
            this.access = access;
        }

        @Override
        public HttpPipelinePosition getPipelinePosition() {
            return HttpPipelinePosition.PER_CALL;
        }

        @Override
        protected void beforeSendingRequest(HttpPipelineCallContext context) {
            Map<String, String> query = new HashMap<>(access.query);
            if (access.timeout != null) {
                query.put("timeout", access.timeout.toString());
            }
            if (!query.isEmpty()) {
                UrlBuilder url = UrlBuilder.parse(context.getHttpRequest().getUrl());
                query.forEach(url::setQueryParameter);
                context.getHttpRequest().setUrl(url.toString());
            }
            access.headers.forEach((name, value) -> context.getHttpRequest()
                .setHeader(HttpHeaderName.fromString(name), value));
            if (access.clientRequestId != null) {
                context.getHttpRequest().setHeader(HttpHeaderName.X_MS_CLIENT_REQUEST_ID,
                    access.clientRequestId);
            }
        }

        @Override
        protected HttpResponse afterReceivedResponse(HttpPipelineCallContext context,
                                                     HttpResponse response) {
            Map<String, String> headers = new HashMap<>();
            for (HttpHeader header : response.getHeaders()) {
                headers.put(header.getName().toLowerCase(Locale.ROOT), header.getValue());
            }
            access.answers.accept(new Answer(
                URI.create(response.getRequest().getUrl().toString()), response.getStatusCode(),
                headers));
            return response;
        }
    }
}
