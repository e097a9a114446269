use std::fs;
use std::path::{Path, PathBuf};

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/tls")
        .join(name)
}

fn pem(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> CertificateSource {
    CertificateSource::Pem {
        certificate: certificate.into(),
        key: key.into(),
    }
}

fn pkcs12(file: impl Into<PathBuf>, password: &str) -> CertificateSource {
    CertificateSource::Pkcs12 {
        file: file.into(),
        password: Password::new(password),
    }
}

/// How many certificates are served.
#[track_caller]
fn loaded(source: &CertificateSource) -> usize {
    Tls::load(source).unwrap();
    source.read().unwrap().chain.len()
}

/// Why there is none, without the folder that the files are in.
#[track_caller]
fn refused(source: &CertificateSource, folder: &Path) -> String {
    let line = Tls::load(source).unwrap_err().to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    line.replace(&format!("{}/", folder.display()), "")
}

/// A certificate that vouches for itself, and its key.
fn made(algorithm: &'static rcgen::SignatureAlgorithm) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap(), key)
}

/// Writes files into a folder of their own.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn keys_of_every_kind_and_form_are_read_from_pem() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let (certificate, key) = made(algorithm);
        let folder = folder(&[
            ("cert", certificate.pem().as_bytes()),
            ("key", key.serialize_pem().as_bytes()),
        ]);
        let [cert, key] = ["cert", "key"].map(|name| folder.path().join(name));
        assert_eq!(loaded(&pem(cert, key)), 1);
    }
    // The older forms, with their chains.
    for (certificate, key) in [
        ("rsa.pem", "rsa-pkcs1.key.pem"),
        ("ec.pem", "ec-sec1.key.pem"),
    ] {
        assert_eq!(loaded(&pem(fixture(certificate), fixture(key))), 2);
    }
    // Of a version that rustls does not read, and OpenSSL still writes.
    assert_eq!(
        loaded(&pem(fixture("v1.pem"), fixture("ec-sec1.key.pem"))),
        1
    );
}

#[test]
fn pkcs12_is_read_as_old_and_new_programs_write_it() {
    for age in ["old", "new"] {
        let file = |password: &str| fixture(&format!("{age}-{password}.pfx"));
        assert_eq!(loaded(&pkcs12(file("0123"), "0123")), 2);
        assert_eq!(loaded(&pkcs12(file("empty"), "")), 2);
        assert_eq!(loaded(&CertificateSource::Alone(file("empty"))), 2);
        // A password is no number.
        for wrong in ["123", "0123 ", ""] {
            assert_eq!(
                refused(&pkcs12(file("0123"), wrong), fixture("x").parent().unwrap()),
                format!("--pwd is not the password of {age}-0123.pfx"),
            );
        }
        assert_eq!(
            refused(
                &CertificateSource::Alone(file("0123")),
                fixture("x").parent().unwrap()
            ),
            format!("--cert {age}-0123.pfx does not open without a password; give it with --pwd"),
        );
    }
}

#[test]
fn a_key_without_its_public_half_takes_it_from_the_certificate() {
    let source = pem(fixture("ec.pem"), fixture("ec-no-public.key.pem"));
    assert_eq!(loaded(&source), 2);
    assert_eq!(loaded(&pkcs12(fixture("java-012345.p12"), "012345")), 1);
    // Another's does not fit.
    let (other, _) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let folder = folder(&[("other", other.pem().as_bytes())]);
    let source = pem(folder.path().join("other"), fixture("ec-no-public.key.pem"));
    let error = Tls::load(&source).unwrap_err();
    assert!(matches!(error, CertificateError::UnsupportedKey { .. }));
}

#[test]
fn an_archive_may_hold_its_certificates_in_any_order() {
    let (certificate, key) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (other, _) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let own = certificate.der().clone();
    let archive = |certificates: &[&rcgen::Certificate], encryption, mac| {
        let key = PrivateKey::from_der(key.serialized_der()).unwrap();
        let certificates = certificates.iter();
        let certificates: Vec<_> = certificates
            .map(|certificate| Certificate::from_der(certificate.der()).unwrap())
            .collect();
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new("1", key, certificates);
        store.add_entry("x", KeyStoreEntry::PrivateKeyChain(chain));
        let writer = store.writer("Grüße 1").encryption_algorithm(encryption);
        writer.mac_algorithm(mac).write().unwrap()
    };
    for encryption in [
        EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
        EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
    ] {
        for mac in [MacAlgorithm::HmacSha1, MacAlgorithm::HmacSha512] {
            let bytes = archive(&[&other, &certificate], encryption, mac);
            let folder = folder(&[("x.pfx", &bytes)]);
            let source = pkcs12(folder.path().join("x.pfx"), "Grüße 1");
            let chain = source.read().unwrap().chain;
            assert_eq!(chain, [own.clone(), other.der().clone()]);
        }
    }
    let encryption = EncryptionAlgorithm::PbeWithHmacSha256AndAes256;
    let bytes = archive(&[&other], encryption, MacAlgorithm::HmacSha256);
    let folder = folder(&[("x.pfx", &bytes)]);
    let source = pkcs12(folder.path().join("x.pfx"), "Grüße 1");
    assert_eq!(
        refused(&source, folder.path()),
        "the key in x.pfx does not belong to the certificate in x.pfx"
    );
}

#[test]
fn the_certificate_of_the_key_comes_first_and_its_chain_as_it_stands() {
    let (own, key) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let others = [0, 1].map(|_| made(&rcgen::PKCS_ED25519).0);
    let text = [&others[0], &own, &others[1]].map(rcgen::Certificate::pem);
    let text = text.concat() + &key.serialize_pem();
    let folder = folder(&[("all.pem", text.as_bytes())]);
    let source = CertificateSource::Alone(folder.path().join("all.pem"));
    let ders = [&own, &others[0], &others[1]].map(|certificate| certificate.der().clone());
    assert_eq!(source.read().unwrap().chain, ders);
}

#[test]
fn whatever_is_wrong_is_told_in_one_line_that_names_the_file() {
    let (certificate, key) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (_, other) = made(&rcgen::PKCS_ED25519);
    let certificate = certificate.pem();
    let cut = certificate.replace("-----END", "-----");
    let garbled = certificate.replace("MII", "M!!");
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = no_der.replace("CERTIFICATE", "PRIVATE KEY");
    let old_encryption = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
        DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let pfx = fs::read(fixture("new-0123.pfx")).unwrap();
    let encrypted = fs::read(fixture("ec-encrypted.key.pem")).unwrap();
    let folder = folder(&[
        ("cert", certificate.as_bytes()),
        ("key", key.serialize_pem().as_bytes()),
        ("other", other.serialize_pem().as_bytes()),
        ("cut", cut.as_bytes()),
        ("garbled", garbled.as_bytes()),
        ("no-der", no_der.as_bytes()),
        ("no-key", no_key.as_bytes()),
        ("old-encryption", old_encryption.as_bytes()),
        ("new-encryption", &encrypted),
        ("empty", b""),
        ("text", b"hello"),
        ("pfx", &pfx),
        ("half.pfx", &pfx[..pfx.len() / 2]),
        ("huge", &vec![b'x'; 1024 * 1024 + 1]),
    ]);
    let at = |name: &str| folder.path().join(name);
    let pem = |certificate: &str, key: &str| pem(at(certificate), at(key));
    let pkcs12 = |file: &str| pkcs12(at(file), "0123");
    let alone = |file: &str| CertificateSource::Alone(at(file));
    let no_certificate = "holds no certificate in PEM";
    let no_private = "holds no private key in PEM";
    let encrypted = "is encrypted; 'openssl pkey -in FILE -out FILE' writes it plain";
    let neither = "is malformed: it is neither PEM nor PKCS#12";
    for (source, expected) in [
        (
            pem("nowhere", "key"),
            "cannot read nowhere: No such file or directory (os error 2)".into(),
        ),
        (
            pem("cert", "nowhere"),
            "cannot read nowhere: No such file or directory (os error 2)".into(),
        ),
        (
            pkcs12("nowhere"),
            "cannot read nowhere: No such file or directory (os error 2)".into(),
        ),
        (
            pem("cert", "huge"),
            "cannot read huge: it is too large for a certificate".into(),
        ),
        (pem("empty", "key"), format!("empty {no_certificate}")),
        (pem("key", "key"), format!("key {no_certificate}")),
        (pem("pfx", "key"), format!("pfx {no_certificate}")),
        (
            pem("cut", "key"),
            "cut is malformed: a section of it has no end".into(),
        ),
        (
            pem("garbled", "key"),
            "garbled is malformed: what is between its lines is not base64".into(),
        ),
        (
            pem("no-der", "key"),
            "no-der is malformed: a certificate in it cannot be read".into(),
        ),
        (pem("cert", "cert"), format!("cert {no_private}")),
        (pem("cert", "empty"), format!("empty {no_private}")),
        (
            pem("cert", "new-encryption"),
            format!("the key in new-encryption {encrypted}"),
        ),
        (
            pem("cert", "old-encryption"),
            format!("the key in old-encryption {encrypted}"),
        ),
        (
            pem("cert", "no-key"),
            "the key in no-key cannot be used; RSA of 2048 to 8192 bits, ECDSA on P-256 or \
             P-384, and Ed25519 can"
                .into(),
        ),
        (
            pem("cert", "other"),
            "the key in other does not belong to the certificate in cert".into(),
        ),
        (
            alone("cert"),
            "--cert cert holds a certificate without its key; give the key with --key".into(),
        ),
        (alone("key"), format!("key {no_certificate}")),
        (alone("text"), format!("text {neither}")),
        (alone("empty"), format!("empty {neither}")),
        (pkcs12("half.pfx"), format!("half.pfx {neither}")),
        (
            pkcs12("cert"),
            "--cert cert is PEM, which takes its key from --key; --pwd is for PKCS#12".into(),
        ),
    ] {
        let line: String = expected;
        assert_eq!(refused(&source, folder.path()), line, "{source:?}");
    }
}

#[test]
fn an_archive_needs_both_a_certificate_and_its_key() {
    let (certificate, _) = made(&rcgen::PKCS_ECDSA_P256_SHA256);
    let mut store = KeyStore::new();
    let write = |store: &KeyStore| store.writer("0123").write().unwrap();
    let nothing = write(&store);
    let entry = Certificate::from_der(certificate.der()).unwrap();
    store.add_entry("x", KeyStoreEntry::Certificate(entry));
    let folder = folder(&[("none", &nothing), ("no-key", &write(&store))]);
    for (file, expected) in [
        ("none", "none holds no certificate"),
        ("no-key", "no-key holds no private key"),
    ] {
        let source = pkcs12(folder.path().join(file), "0123");
        assert_eq!(refused(&source, folder.path()), expected);
    }
}
