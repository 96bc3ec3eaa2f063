// npm's samlify, unmodified, as an identity provider and as a service provider.
//
//   samlify_peer.js make KIND     prints the message, as a browser would carry it
//   samlify_peer.js judge KIND    judges such a message on standard input: 0 accepted, 1 refused, 2 no such kind
"use strict";

const crypto = require("crypto");
const samlify = require("samlify");
const { form, key, queryOf, run, world } = require("./world");

// samlify asks for a validator of schemas of the caller's; schemas are not what is tried here.
samlify.setSchemaValidator({ validate: async () => "skipped" });

const EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

// samlify's own Response has no AuthnStatement, without which it is none for single sign-on (SAML Profiles 4.1.4.2).
const AUTHN =
  '<saml:AuthnStatement AuthnInstant="{IssueInstant}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>' +
  "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>";

function response(template) {
  const now = Date.now();
  const later = new Date(now + 300_000).toISOString();
  const id = `_${crypto.randomUUID()}`;
  return {
    id,
    context: samlify.SamlLib.replaceTagsByValue(template.replace("{AuthnStatement}", AUTHN).replace("{AttributeStatement}", ""), {
      ID: id,
      AssertionID: `${id}-a`,
      Destination: world.acs,
      Audience: world.sp,
      SubjectRecipient: world.acs,
      Issuer: world.idp,
      IssueInstant: new Date(now).toISOString(),
      StatusCode: "urn:oasis:names:tc:SAML:2.0:status:Success",
      ConditionsNotBefore: new Date(now).toISOString(),
      ConditionsNotOnOrAfter: later,
      SubjectConfirmationDataNotOnOrAfter: later,
      NameIDFormat: EMAIL,
      NameID: world.subject,
      InResponseTo: world.request,
    }),
  };
}

// Where its signature goes; without this it looks for a Response.
const place = (root) => ({
  prefix: "ds",
  location: { reference: `/*[local-name(.)='${root}']/*[local-name(.)='Issuer']`, action: "after" },
});

const both = (location) => [POST, REDIRECT].map((binding) => ({ Binding: binding, Location: location }));

function entities(kind) {
  const idp = samlify.IdentityProvider({
    entityID: world.idp,
    privateKey: key("idp.key.pem"),
    signingCert: key("idp.pem"),
    requestSignatureAlgorithm: RSA_SHA256,
    nameIDFormat: [EMAIL],
    singleSignOnService: both(world.sso),
    singleLogoutService: both(world.idp_slo),
    wantAuthnRequestsSigned: true,
    wantLogoutRequestSigned: true,
    ...(kind === "logout-response-post" && { signatureConfig: place("LogoutResponse") }),
  });
  const sp = samlify.ServiceProvider({
    entityID: world.sp,
    privateKey: key("alice.key.pem"),
    signingCert: key("alice.pem"),
    requestSignatureAlgorithm: RSA_SHA256,
    nameIDFormat: [EMAIL],
    authnRequestsSigned: true,
    wantAssertionsSigned: kind !== "response-document",
    wantMessageSigned: kind !== "response-assertion",
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    ...(kind === "authn-request-post" && { signatureConfig: place("AuthnRequest") }),
    assertionConsumerService: [{ Binding: POST, Location: world.acs }],
    singleLogoutService: both(world.sp_slo),
  });
  return { idp, sp };
}

async function make(kind) {
  const { idp, sp } = entities(kind);
  const binding = kind.endsWith("redirect") ? "redirect" : "post";
  if (kind.startsWith("response")) {
    const request = { extract: { request: { id: world.request } } };
    const made = await idp.createLoginResponse(sp, request, "post", { email: world.subject }, response);
    return form("SAMLResponse", made.context);
  }
  const options = { relayState: world.relay_state };
  if (kind.startsWith("logout-response")) {
    const request = { extract: { request: { id: world.request } } };
    const made = idp.createLogoutResponse(sp, request, binding, options);
    return binding === "post" ? form("SAMLResponse", made.context) : made.context;
  }
  const made = kind.startsWith("authn-request")
    ? sp.createLoginRequest(idp, binding, options)
    : idp.createLogoutRequest(sp, binding, { logoutNameID: world.subject, sessionIndex: "_s" }, options);
  return binding === "post" ? form("SAMLRequest", made.context) : made.context;
}

async function judge(kind, text) {
  const { idp, sp } = entities(kind);
  const query = queryOf(text);
  const values = Object.fromEntries(new URLSearchParams(query));
  const binding = kind.endsWith("redirect") ? "redirect" : "post";
  const request =
    binding === "post" ? { body: values } : { query: values, octetString: query.slice(0, query.indexOf("&Signature=")) };
  if (kind.startsWith("response")) {
    return (await sp.parseLoginResponse(idp, "post", request)).extract.nameID;
  }
  if (kind.startsWith("authn-request")) {
    return (await idp.parseLoginRequest(sp, binding, request)).extract.request.id;
  }
  if (kind.startsWith("logout-response")) {
    return (await sp.parseLogoutResponse(idp, binding, request)).extract.response.id;
  }
  return (await sp.parseLogoutRequest(idp, binding, request)).extract.nameID;
}

run(make, judge);
