//! Generated documents with a signature in one of the forms that we and xmlsec1 know, by one of the two.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealgate::algorithm::{
    CanonicalizationAlgorithm as C14n, DigestAlgorithm, SignatureAlgorithm, TransformAlgorithm,
};
use sealgate::c14n::{self, Canonicalization};
use sealgate::crypto::{self, Certificate, PrivateKey, SigningKey, decode_base64, encode_base64};
use sealgate::xml::{Document, Element, Limits, Namespace};

use crate::generate::{NamespaceNames, Random, document, mutate};

/// A signed document.
pub(crate) struct Signed {
    pub(crate) text: String,
    pub(crate) signer: &'static str,
}

/// xmlsec1, trusting nothing of the system: reading what that trusts takes most of the time, too.
pub(crate) fn xmlsec1() -> Command {
    let mut command = Command::new("xmlsec1");
    command
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/dev/null");
    command
}

pub(crate) fn key_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/keys")
        .join(name)
}

/// What is to be signed.
struct Part {
    uri: String,
    /// The ID that `uri` names; `None` for the whole document.
    id: Option<&'static str>,
    digest: DigestAlgorithm,
    enveloped: bool,
    how: How,
}

enum How {
    Canonical(Canonicalization),
    /// No transform, which means inclusive canonicalization.
    Implied,
    Base64,
}

impl Signed {
    /// A document from `random`; xmlsec1 works in `folder`.
    pub(crate) fn new(random: &mut Random, folder: &Path) -> Self {
        let name = *random.pick(&[&"alice", &"alice", &"bob", &"carol", &"dave"]);
        let by_peer = random.chance(34);
        let method = method(random, name, by_peer);
        let (before, after, parts) = place(random);
        let form = canonicalization(random);
        let info = |digest: &dyn Fn(usize) -> String| signed_info(method, &form, &parts, digest);
        let objects = match parts.iter().any(|part| part.id == Some("object")) {
            true => format!("<ds:Object Id='object'>{}</ds:Object>", after.object),
            false => String::new(),
        };
        let whole = |info: String, value: &str, x509: &str| {
            let signature = format!(
                "<ds:Signature xmlns:ds='{}'>{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{x509}\
                 </ds:X509Data></ds:KeyInfo>{objects}</ds:Signature>",
                Namespace::DS.uri()
            );
            format!("{before}{signature}{}", after.text)
        };
        if by_peer {
            let template = whole(info(&|_| String::new()), "", "");
            return Self {
                text: signed_by_peer(&template, name, folder),
                signer: "xmlsec1",
            };
        }
        let certificate =
            Certificate::from_pem_bundle(&fs::read(key_file(&format!("{name}.pem"))).unwrap()).unwrap();
        let x509 = format!(
            "<ds:X509Certificate>{}</ds:X509Certificate>",
            encode_base64(certificate[0].der())
        );
        let template = parsed(&whole(info(&|_| String::new()), "", &x509));
        let digests: Vec<String> = parts.iter().map(|part| part.digest(&template)).collect();
        let info_with_digests = info(&|number| digests[number].clone());
        let unsigned = parsed(&whole(info_with_digests.clone(), "", &x509));
        let signed_info = signature(&unsigned).first_child().unwrap();
        let mut octets = Vec::new();
        c14n::element(signed_info, &form, None, &mut octets).unwrap();
        let key =
            PrivateKey::from_pem(&fs::read(key_file(&format!("{name}.key.pem"))).unwrap(), None).unwrap();
        let value = crypto::sign(method, &SigningKey::from(key), &octets).unwrap();
        Self {
            text: whole(info_with_digests, &encode_base64(&value), &x509),
            signer: "sealgate",
        }
    }

    /// With a small change: of a byte, or of something that a signature may or may not see.
    pub(crate) fn changed(&self, random: &mut Random) -> Vec<u8> {
        if random.chance(40) {
            return mutate(&self.text, random);
        }
        let text = &self.text;
        let at = |piece: &str, random: &mut Random| {
            let places: Vec<usize> = text.match_indices(piece).map(|(place, _)| place).collect();
            (!places.is_empty()).then(|| places[random.below(places.len())])
        };
        let (old, new) = *random.pick(&[
            &(">", "><!-- x -->"),
            &(">", "><?x?>"),
            &(">", "> "),
            &(" ", "  "),
            &("/>", "></x>"),
            &("\"", "'"),
            &("<", " <"),
            &(" xmlns:", " xmlns:new='urn:new' xmlns:"),
            &(" xmlns", " xml:lang='de' xmlns"),
            &("=\"", " = \""),
            &("\n", "\r\n"),
            &("\r\n", "\n"),
            &("&#13;", "&#xD;"),
            &("<![CDATA[", "<![CDATA[]]><![CDATA["),
            &("exc-c14n#\"", "exc-c14n#WithComments\""),
            &("20010315", "20010315#WithComments"),
            &("<ds:Transforms>", "<ds:Transforms Id=\"x\">"),
            &("ds:SignatureValue>", "ds:SignatureValue> "),
            &("</ds:Signature>", "<ds:Object/></ds:Signature>"),
            &("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>x</ds:KeyName>"),
            &("URI=\"#", "URI=\"#x"),
            &("PrefixList=\"", "PrefixList=\"none "),
            &("text", "test"),
            &("Id='object'", "Id='object' x='y'"),
        ]);
        match at(old, random) {
            Some(place) => format!("{}{new}{}", &text[..place], &text[place + old.len()..]).into_bytes(),
            None => mutate(text, random),
        }
    }
}

fn parsed(text: &str) -> Document {
    Document::parse(text.to_owned().into(), &Limits::archive())
        .unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn signature(document: &Document) -> Element<'_> {
    let mut elements = document.root().descendants();
    elements
        .find(|element| element.is(Namespace::DS, "Signature"))
        .unwrap()
}

fn method(random: &mut Random, name: &str, by_peer: bool) -> SignatureAlgorithm {
    use SignatureAlgorithm as A;
    let rsa = [
        &A::RsaSha256,
        &A::RsaSha384,
        &A::RsaSha512,
        &A::RsaSha224,
        &A::RsaSha1,
    ];
    let ec = [
        &A::EcdsaSha256,
        &A::EcdsaSha384,
        &A::EcdsaSha512,
        &A::EcdsaSha224,
        &A::EcdsaSha1,
    ];
    let fitting = if name == "alice" { rsa } else { ec };
    // We make none with SHA-1.
    *random.pick(if by_peer { &fitting } else { &fitting[..4] })
}

fn canonicalization(random: &mut Random) -> Canonicalization {
    let algorithm = match random.chance(50) {
        true => C14n::Exclusive,
        false => C14n::ALL[random.below(C14n::ALL.len())],
    };
    let mut prefixes = Vec::new();
    while algorithm.is_exclusive() && random.chance(40) {
        prefixes.push(
            random
                .pick(&["a", "b", "soap", "", "z1", "ds", "none", "ä"])
                .to_owned(),
        );
    }
    Canonicalization { algorithm, prefixes }
}

/// What comes after the signature, and the content of its Object.
struct After {
    text: String,
    object: String,
}

/// Where the signature stands, and what it signs.
fn place(random: &mut Random) -> (String, After, Vec<Part>) {
    let text = document(random, NamespaceNames::Plain);
    let mut parts = Vec::new();
    if random.chance(20) {
        // It stands around what it signs.
        let base64 = random.chance(30);
        let document = parsed(&text);
        let object = match base64 {
            true => encode_base64(text.as_bytes()).replace('A', "A\n "),
            false => document.as_str()[document.root().span()].to_owned(),
        };
        let how = if base64 { How::Base64 } else { how(random) };
        parts.push(part(random, Some("object"), false, how));
        return (
            String::new(),
            After {
                text: String::new(),
                object,
            },
            parts,
        );
    }
    let (text, id) = with_id(random, &text);
    let parsed = parsed(&text);
    let open: Vec<Element<'_>> = parsed
        .root()
        .descendants()
        .filter(|element| !element.content_span().is_empty())
        .collect();
    let Some(around) = (!open.is_empty()).then(|| open[random.below(open.len())]) else {
        // The only element is empty.
        return place(random);
    };
    let target = id.and_then(|id| parsed.element_by_id(id));
    if let Some(target) = target {
        let enveloped = around.is_within(target) || random.chance(10);
        let how = how(random);
        parts.push(part(random, id, enveloped, how));
    }
    if target.is_none() || random.chance(30) {
        let how = how(random);
        parts.push(part(random, None, true, how));
    }
    let end = around.content_span().end;
    let after = After {
        text: text[end..].to_owned(),
        object: String::new(),
    };
    (text[..end].to_owned(), after, parts)
}

/// The document with an ID on one of its elements, mostly.
fn with_id(random: &mut Random, text: &str) -> (String, Option<&'static str>) {
    let document = parsed(text);
    let elements: Vec<Element<'_>> = document.root().descendants().collect();
    let element = elements[random.below(elements.len())];
    if random.chance(30) || element.id().is_some() {
        return (text.to_owned(), None);
    }
    let after_name = element.span().start + 1 + element.name().len();
    (
        format!("{} xml:id='part'{}", &text[..after_name], &text[after_name..]),
        Some("part"),
    )
}

fn how(random: &mut Random) -> How {
    if random.chance(15) {
        How::Implied
    } else {
        How::Canonical(canonicalization(random))
    }
}

fn part(random: &mut Random, id: Option<&'static str>, enveloped: bool, how: How) -> Part {
    let pointer = random.chance(15);
    let uri = match (id, pointer) {
        (Some(id), false) => format!("#{id}"),
        (Some(id), true) => format!("#xpointer(id('{id}'))"),
        (None, false) => String::new(),
        (None, true) => "#xpointer(/)".to_owned(),
    };
    use DigestAlgorithm as D;
    Part {
        uri,
        id,
        digest: *random.pick(&[
            &D::Sha256,
            &D::Sha256,
            &D::Sha1,
            &D::Sha224,
            &D::Sha384,
            &D::Sha512,
        ]),
        enveloped,
        how,
    }
}

impl Part {
    fn digest(&self, document: &Document) -> String {
        let signature = signature(document);
        let target = self.id.map(|id| document.element_by_id(id).unwrap());
        let form = match &self.how {
            How::Base64 => {
                let text = target.unwrap().text().unwrap().value.into_owned();
                return self.encoded(&decode_base64(&text).unwrap());
            }
            How::Implied => C14n::Inclusive10.into(),
            How::Canonical(form) => form.clone(),
        };
        let algorithm = match (self.uri.contains("xpointer"), form.algorithm) {
            // The other forms leave out comments when they are dereferenced.
            (false, C14n::Inclusive10WithComments) => C14n::Inclusive10,
            (false, C14n::Inclusive11WithComments) => C14n::Inclusive11,
            (false, C14n::ExclusiveWithComments) => C14n::Exclusive,
            (_, as_said) => as_said,
        };
        let form = Canonicalization { algorithm, ..form };
        let mut octets = Vec::new();
        let except = self.enveloped.then_some(signature);
        match target {
            Some(target) => c14n::element(target, &form, except, &mut octets).unwrap(),
            None => c14n::document(document, &form, except, &mut octets).unwrap(),
        }
        self.encoded(&octets)
    }

    fn encoded(&self, octets: &[u8]) -> String {
        encode_base64(crypto::digest(self.digest, octets).unwrap().as_bytes())
    }

    fn transforms(&self) -> String {
        let mut listed = String::new();
        if self.enveloped {
            listed.push_str(&method_element(
                "Transform",
                TransformAlgorithm::EnvelopedSignature.uri(),
                &[],
            ));
        }
        match &self.how {
            How::Implied => {}
            How::Base64 => listed.push_str(&method_element(
                "Transform",
                TransformAlgorithm::Base64.uri(),
                &[],
            )),
            How::Canonical(form) => {
                listed.push_str(&method_element("Transform", form.algorithm.uri(), &form.prefixes));
            }
        }
        if listed.is_empty() {
            listed
        } else {
            format!("<ds:Transforms>{listed}</ds:Transforms>")
        }
    }
}

fn method_element(name: &str, uri: &str, prefixes: &[String]) -> String {
    if prefixes.is_empty() {
        return format!("<ds:{name} Algorithm=\"{uri}\"/>");
    }
    let listed: Vec<&str> = prefixes
        .iter()
        .map(|prefix| {
            if prefix.is_empty() {
                "#default"
            } else {
                prefix.as_str()
            }
        })
        .collect();
    format!(
        "<ds:{name} Algorithm=\"{uri}\"><e:InclusiveNamespaces xmlns:e=\"{}\" PrefixList=\"{}\"/></ds:{name}>",
        Namespace::EXC_C14N.uri(),
        listed.join(" ")
    )
}

fn signed_info(
    method: SignatureAlgorithm,
    form: &Canonicalization,
    parts: &[Part],
    digest: &dyn Fn(usize) -> String,
) -> String {
    let references = parts.iter().enumerate().map(|(number, part)| {
        format!(
            "<ds:Reference URI=\"{}\">{}{}<ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            part.uri,
            part.transforms(),
            method_element("DigestMethod", part.digest.uri(), &[]),
            digest(number)
        )
    });
    format!(
        "<ds:SignedInfo>{}{}{}</ds:SignedInfo>",
        method_element("CanonicalizationMethod", form.algorithm.uri(), &form.prefixes),
        method_element("SignatureMethod", method.uri(), &[]),
        references.collect::<String>()
    )
}

fn signed_by_peer(template: &str, name: &str, folder: &Path) -> String {
    let (file, output) = (folder.join("template.xml"), folder.join("signed.xml"));
    fs::write(&file, template).unwrap();
    let key = format!(
        "{},{}",
        key_file(&format!("{name}.key.pem")).display(),
        key_file(&format!("{name}.pem")).display()
    );
    let done = xmlsec1()
        .args(["--sign", "--privkey-pem", &key, "--output"])
        .arg(&output)
        .arg(&file)
        .output();
    let done = done.unwrap();
    assert!(
        done.status.success(),
        "{}\n{template}",
        String::from_utf8_lossy(&done.stderr)
    );
    fs::read_to_string(output).unwrap()
}
