// Judges a signed SOAP answer with npm's `xml-crypto`: the signature verifies with the given certificate, whatever key
// the message names, and its references cover the Body and the Timestamp that stand where they belong.
"use strict";

const { DOMParser } = require("@xmldom/xmldom");
const { SignedXml } = require("xml-crypto");
const xpath = require("xpath");

const DS = "http://www.w3.org/2000/09/xmldsig#";
const WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

const select = xpath.useNamespaces({ ds: DS, wsse: WSSE, wsu: WSU });

function one(expression, node) {
  const found = select(expression, node);
  if (found.length !== 1) throw new Error(`${found.length} of ${expression}`);
  return found[0];
}

function verifyAnswer(xml, certificate) {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  const security = one("/*/*[local-name()='Header']/wsse:Security", document);
  const signature = new SignedXml({ publicCert: certificate, getCertFromKeyInfo: () => null, idMode: "wssecurity" });
  signature.loadSignature(one("ds:Signature", security));
  if (!signature.checkSignature(xml)) throw new Error("the signature does not verify");
  const signed = signature.getSignedReferences().map((canonical) => new DOMParser().parseFromString(canonical, "text/xml").documentElement);
  for (const part of [one("/*/*[local-name()='Body']", document), one("wsu:Timestamp", security)]) {
    const id = part.getAttributeNS(WSU, "Id");
    const covered = signed.some(
      (element) => element.localName === part.localName && element.namespaceURI === part.namespaceURI && id && element.getAttributeNS(WSU, "Id") === id,
    );
    if (!covered) throw new Error(`${part.localName} is not covered`);
  }
}

module.exports = { verifyAnswer };
