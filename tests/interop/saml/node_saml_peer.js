// npm's @node-saml/node-saml, unmodified, as a service provider.
//
//   node_saml_peer.js make KIND     prints the message, as a browser would carry it
//   node_saml_peer.js judge KIND    judges such a message on standard input: 0 accepted, 1 refused, 2 no such kind
"use strict";

const { SAML } = require("@node-saml/node-saml");
const { form, key, queryOf, run, world } = require("./world");

function serviceProvider(kind) {
  return new SAML({
    issuer: world.sp,
    callbackUrl: world.acs,
    entryPoint: world.sso,
    logoutUrl: world.idp_slo,
    idpCert: key("idp.pem"),
    idpIssuer: world.idp,
    audience: world.sp,
    privateKey: key("alice.key.pem"),
    publicCert: key("alice.pem"),
    signatureAlgorithm: "sha256",
    digestAlgorithm: "sha256",
    signMetadata: true,
    wantAssertionsSigned: kind === "response-assertion" || kind === "response-both",
    wantAuthnResponseSigned: kind === "response-document" || kind === "response-both",
    // Of a LogoutResponse in a form it does not find it.
    validateInResponseTo: kind.includes("response") && kind !== "logout-response-post" ? "always" : "never",
  });
}

async function make(kind) {
  const sp = serviceProvider(kind);
  switch (kind) {
    case "authn-request-post": {
      // Its own deflates what goes into a form unless it is told not to.
      sp.options.skipRequestCompression = true;
      const message = await sp.getAuthorizeMessageAsync(world.relay_state);
      return form("SAMLRequest", message.SAMLRequest);
    }
    case "authn-request-redirect":
      return sp.getAuthorizeUrlAsync(world.relay_state, undefined, {});
    case "logout-request-redirect": {
      const user = { nameID: world.subject, nameIDFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", sessionIndex: "_s" };
      return sp.getLogoutUrlAsync(user, world.relay_state, {});
    }
    case "logout-response-redirect":
      return sp.getLogoutResponseUrlAsync({ ID: world.request }, world.relay_state, {}, true);
    case "metadata":
      return sp.generateServiceProviderMetadata(null, key("alice.pem"));
    default:
      return process.exit(2);
  }
}

async function judge(kind, text) {
  const sp = serviceProvider(kind);
  const query = queryOf(text);
  const values = Object.fromEntries(new URLSearchParams(query));
  await sp.cacheProvider.saveAsync(world.request, new Date().toISOString());
  if (kind.startsWith("response")) {
    const { profile } = await sp.validatePostResponseAsync(values);
    return profile && profile.nameID;
  }
  if (!kind.startsWith("logout")) process.exit(2);
  if (kind === "logout-response-post") {
    const { loggedOut } = await sp.validatePostResponseAsync(values);
    return loggedOut && "logged out";
  }
  if (kind === "logout-request-post") {
    const { profile } = await sp.validatePostRequestAsync(values);
    return profile && profile.nameID;
  }
  // It takes a query string without a signature, too.
  if (!values.Signature) throw new Error("it is not signed");
  const { profile, loggedOut } = await sp.validateRedirectAsync(values, query);
  return profile ? profile.nameID : loggedOut && "logged out";
}

run(make, judge);
