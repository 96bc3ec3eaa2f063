use super::*;

const PROFILE: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-";

/// What decrypts an attachment for which `keys` say that they are.
fn secrets(keys: &str) -> Result<usize, &'static str> {
    let text = format!(
        "<x:EncryptedData xmlns:x='{}' xmlns:ds='{}' MimeType='text/plain' Type='{PROFILE}Content-Only'>\
         <x:EncryptionMethod Algorithm='{}'/><ds:KeyInfo>{keys}</ds:KeyInfo><x:CipherData>\
         <x:CipherReference URI='cid:a@x'><x:Transforms><ds:Transform Algorithm='{PROFILE}Ciphertext-Transform'/>\
         </x:Transforms></x:CipherReference></x:CipherData></x:EncryptedData>",
        Namespace::XENC.uri(),
        Namespace::DS.uri(),
        Data::Aes256Gcm.uri(),
    );
    let document = Document::parse(text.into(), &Limits::default()).unwrap();
    let permitted = everything();
    let limits = Limits {
        encrypted_keys: 16,
        ..Limits::default()
    };
    let rules = Rules {
        permitted: &permitted,
        limits: &limits,
        unauthenticated: Unauthenticated::Allowed,
        key_lengths: KeyLengths::Exact,
        id_attributes: &[],
    };
    let elements = [document.root()];
    let found = encrypted_attachments(&document, &elements, &of_key(rsa()), &rules, &|_, _| true);
    let found = found.map_err(|error| error.code())?;
    Ok(found[0].secrets.len())
}

#[test]
fn an_attachment_is_read_with_four_keys_and_with_no_more() {
    let key = || {
        let (digest, secret) = (DigestAlgorithm::Sha256, secret_for(Data::Aes256Gcm));
        oaep_key(rsa(), digest, MaskGeneration::Mgf1Sha256, b"", &secret).replace(" Id='ek'", "")
    };
    let keys = |count| (0..count).map(|_| key()).collect::<String>();
    assert_eq!(secrets(&keys(1)), Ok(1));
    assert_eq!(secrets(&keys(4)), Ok(4));
    assert_eq!(secrets(&keys(5)), Err("xmlenc.attachment"));
    assert_eq!(secrets(&keys(6)), Err("xmlenc.attachment"));
}
