package queuerite.compat.legacy;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.microsoft.azure.keyvault.core.IKey;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.apache.commons.lang3.tuple.Pair;
import org.apache.commons.lang3.tuple.Triple;

/** A key that wraps others and that nobody else has; what a key vault is for otherwise. */
final class LocalKey implements IKey {
    private static final String ALGORITHM = "A256KW";

    private final SecretKey key;

    LocalKey() {
        try {
            KeyGenerator generator = KeyGenerator.getInstance("AES");
            generator.init(256);
            key = generator.generateKey();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String getKid() {
        return "local";
    }

    @Override
    public String getDefaultKeyWrapAlgorithm() {
        return ALGORITHM;
    }

    @Override
    public ListenableFuture<Pair<byte[], String>> wrapKeyAsync(byte[] other, String algorithm) {
        try {
            Cipher cipher = Cipher.getInstance("AESWrap");
            cipher.init(Cipher.WRAP_MODE, key);
            return Futures.immediateFuture(
                Pair.of(cipher.wrap(new SecretKeySpec(other, "AES")), ALGORITHM));
        } catch (GeneralSecurityException e) {
            return Futures.immediateFailedFuture(e);
        }
    }

    @Override
    public ListenableFuture<byte[]> unwrapKeyAsync(byte[] wrapped, String algorithm) {
        try {
            Cipher cipher = Cipher.getInstance("AESWrap");
            cipher.init(Cipher.UNWRAP_MODE, key);
            return Futures.immediateFuture(
                cipher.unwrap(wrapped, "AES", Cipher.SECRET_KEY).getEncoded());
        } catch (GeneralSecurityException e) {
            return Futures.immediateFailedFuture(e);
        }
    }

    // The rest is not asked of a key that wraps.

    @Override
    public String getDefaultEncryptionAlgorithm() {
        throw new UnsupportedOperationException();
    }

    @Override
    public String getDefaultSignatureAlgorithm() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ListenableFuture<byte[]> decryptAsync(byte[] ciphertext, byte[] iv, byte[] data,
                                                 byte[] tag, String algorithm) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ListenableFuture<Triple<byte[], byte[], String>> encryptAsync(
        byte[] plaintext, byte[] iv, byte[] data, String algorithm) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ListenableFuture<Pair<byte[], String>> signAsync(byte[] digest, String algorithm) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ListenableFuture<Boolean> verifyAsync(byte[] digest, byte[] signature,
                                                 String algorithm) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
    }
}
