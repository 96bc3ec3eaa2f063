"""pysaml2, unmodified, as an identity provider and as a service provider.

    pysaml2_peer.py make KIND     prints the message, as a browser would carry it
    pysaml2_peer.py judge KIND    judges such a message on standard input: 0 accepted, 1 refused, 2 no such kind

The keys are those of fixtures/keys: idp for the identity provider, alice for the service provider.
"""

import base64
import json
import shutil
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, extension_elements_to_elements, saml, samlp
from saml2.client import Saml2Client
from saml2.config import IdPConfig, SPConfig
from saml2.metadata import entity_descriptor, sign_entity_descriptor
from saml2.pack import http_soap_message
from saml2.response import ArtifactResponse
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, Issuer, NameID
from saml2.samlp import ArtifactResolve, LogoutRequest
from saml2.server import Server
from saml2.sigver import security_context
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

HERE = Path(__file__).parent
KEYS = HERE.parent.parent.parent / "fixtures/keys"
WORLD = json.loads((HERE / "world.json").read_text())

POST, REDIRECT = BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
ALGORITHMS = {"sign_alg": SIG_RSA_SHA256, "digest_alg": DIGEST_SHA256}
ENDPOINTS = {
    "idp": {
        "single_sign_on_service": [(WORLD["sso"], POST), (WORLD["sso"], REDIRECT)],
        "single_logout_service": [(WORLD["idp_slo"], POST), (WORLD["idp_slo"], REDIRECT)],
    },
    "sp": {
        "assertion_consumer_service": [(WORLD["acs"], POST)],
        "single_logout_service": [(WORLD["sp_slo"], POST), (WORLD["sp_slo"], REDIRECT)],
    },
}
SERVICE = {
    "idp": {"want_authn_requests_signed": True, "sign_response": False, "sign_assertion": False},
    "sp": {
        "allow_unsolicited": False,
        "authn_requests_signed": True,
        "want_response_signed": False,
        "want_assertions_signed": False,
        "want_assertions_or_response_signed": True,
        "logout_requests_signed": True,
    },
}


def config(role, partner=None):
    name = {"idp": "idp", "sp": "alice"}[role]
    settings = {
        "entityid": WORLD[role],
        "xmlsec_binary": shutil.which("xmlsec1"),
        "key_file": str(KEYS / f"{name}.key.pem"),
        "cert_file": str(KEYS / f"{name}.pem"),
        "signing_algorithm": SIG_RSA_SHA256,
        "digest_algorithm": DIGEST_SHA256,
        "accepted_time_diff": 60,
        "service": {role: {"endpoints": ENDPOINTS[role], **SERVICE[role]}},
    }
    if partner:
        settings["metadata"] = {"inline": [str(entity_descriptor(config(partner)))]}
    made = IdPConfig() if role == "idp" else SPConfig()
    return made.load(settings)


def identity_provider():
    return Server(config=config("idp", "sp"))


def service_provider():
    made = config("sp", "idp")
    # It asks this of every request in a query string, whoever it is.
    made.setattr("idp", "want_authn_requests_signed", True)
    return Saml2Client(config=made)


def subject():
    return NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=WORLD["subject"])


def form(message, parameter):
    """As pysaml2's own form has it, urlencoded as the browser does."""
    encoded = base64.b64encode(str(message).encode()).decode()
    return urlencode({parameter: encoded, "RelayState": WORLD["relay_state"]})


def query(entity, message, destination, parameter):
    info = entity.apply_binding(
        REDIRECT,
        str(message),
        destination,
        WORLD["relay_state"],
        response=parameter == "SAMLResponse",
        sign=True,
        sigalg=SIG_RSA_SHA256,
    )
    return dict(info["headers"])["Location"]


def authn_response(idp, signed):
    return idp.create_authn_response(
        {"mail": [WORLD["subject"]]},
        WORLD["request"],
        WORLD["acs"],
        WORLD["sp"],
        name_id=subject(),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": WORLD["idp"]},
        sign_response=signed in ("document", "both"),
        sign_assertion=signed in ("assertion", "both"),
        **ALGORITHMS,
    )


def artifact_response(idp):
    """In an envelope; what the artifact stands for is covered by its signature alone."""
    artifact = idp.use_artifact(authn_response(idp, "no"))
    asked = ArtifactResolve(id=WORLD["resolve"], issuer=Issuer(text=WORLD["sp"]))
    response = idp.create_artifact_response(asked, artifact, issuer=Issuer(text=WORLD["idp"]), sign=False)
    # Its own would sign before it puts the message in.
    return http_soap_message(idp.sign(response, **ALGORITHMS))["data"]


def message_of_artifact(sp, text):
    """By itself: what it takes out of an envelope it writes anew, with prefixes of its own, and then no signature holds but its own."""
    response = ArtifactResponse(sp.sec, sp.config.attribute_converters, sp.config.entityid)
    response.loads(text, False, origxml=text)
    return extension_elements_to_elements(response.response.extension_elements, [samlp, saml])[0].id


def make(kind):
    what, _, how = kind.rpartition("-")
    if what == "response":
        return form(authn_response(identity_provider(), how), "SAMLResponse")
    if kind == "artifact-response-soap":
        return artifact_response(identity_provider())
    if what == "logout-response":
        idp = identity_provider()
        asked = LogoutRequest(id=WORLD["request"], issuer=Issuer(text=WORLD["sp"]))
        if how == "post":
            return form(idp.create_logout_response(asked, [POST], sign=True, **ALGORITHMS), "SAMLResponse")
        response = idp.create_logout_response(asked, [REDIRECT], sign=False)
        return query(idp, response, WORLD["sp_slo"], "SAMLResponse")
    if what == "authn-request":
        sp = service_provider()
        signed = {"sign": True, **ALGORITHMS} if how == "post" else {"sign": False}
        _, request = sp.create_authn_request(WORLD["sso"], binding=POST, **signed)
        return form(request, "SAMLRequest") if how == "post" else query(sp, request, WORLD["sso"], "SAMLRequest")
    if what == "logout-request":
        idp = identity_provider()
        signed = {"sign": True, **ALGORITHMS} if how == "post" else {"sign": False}
        _, request = idp.create_logout_request(
            WORLD["sp_slo"], WORLD["sp"], name_id=subject(), session_indexes=["_s"], **signed
        )
        return form(request, "SAMLRequest") if how == "post" else query(idp, request, WORLD["sp_slo"], "SAMLRequest")
    if kind == "metadata":
        own = config("sp")
        _, text = sign_entity_descriptor(
            entity_descriptor(own), "_metadata", security_context(own), SIG_RSA_SHA256, DIGEST_SHA256
        )
        return text
    sys.exit(2)


def judge(kind, text):
    what, _, how = kind.rpartition("-")
    found = {name: values[0] for name, values in parse_qs(urlsplit(text).query or text).items()}
    if what == "response":
        response = service_provider().parse_authn_request_response(
            found["SAMLResponse"], POST, outstanding={WORLD["request"]: "/"}
        )
        return response and response.get_subject().text
    if kind == "artifact-response-xml":
        return message_of_artifact(service_provider(), text)
    if kind == "logout-response-post":
        response = service_provider().parse_logout_request_response(found["SAMLResponse"], POST)
        return response and response.response.id
    if what not in ("authn-request", "logout-request"):
        sys.exit(2)
    entity = identity_provider() if what == "authn-request" else service_provider()
    parse = entity.parse_authn_request if what == "authn-request" else entity.parse_logout_request
    if how == "post":
        request = parse(found["SAMLRequest"], POST)
    else:
        request = parse(found["SAMLRequest"], REDIRECT, found.get("RelayState"), found["SigAlg"], found["Signature"])
    if what == "logout-request":
        return request and request.message.name_id.text
    return request and request.message.id


def main():
    command, kind = sys.argv[1:]
    if command == "make":
        print(make(kind), end="")
        return 0
    try:
        told = judge(kind, sys.stdin.read())
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(told or "", end="")
    return 0 if told else 1


sys.exit(main())
