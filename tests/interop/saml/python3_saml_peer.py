"""python3-saml, unmodified, as a service provider.

    python3_saml_peer.py make KIND     prints the message, as a browser would carry it
    python3_saml_peer.py judge KIND    judges such a message on standard input: 0 accepted, 1 refused, 2 no such kind

The keys are those of fixtures/keys: idp for the identity provider, alice for the service provider.
"""

import json
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants

HERE = Path(__file__).parent
KEYS = HERE.parent.parent.parent / "fixtures/keys"
WORLD = json.loads((HERE / "world.json").read_text())

SETTINGS = {
    "strict": True,
    "sp": {
        "entityId": WORLD["sp"],
        "assertionConsumerService": {"url": WORLD["acs"], "binding": Constants.BINDING_HTTP_POST},
        "singleLogoutService": {"url": WORLD["sp_slo"], "binding": Constants.BINDING_HTTP_REDIRECT},
        "x509cert": (KEYS / "alice.pem").read_text(),
        "privateKey": (KEYS / "alice.key.pem").read_text(),
    },
    "idp": {
        "entityId": WORLD["idp"],
        "singleSignOnService": {"url": WORLD["sso"], "binding": Constants.BINDING_HTTP_REDIRECT},
        "singleLogoutService": {"url": WORLD["idp_slo"], "binding": Constants.BINDING_HTTP_REDIRECT},
        "x509cert": (KEYS / "idp.pem").read_text(),
    },
    "security": {
        "authnRequestsSigned": True,
        "logoutRequestSigned": True,
        "logoutResponseSigned": True,
        "signMetadata": True,
        "wantMessagesSigned": False,
        "wantAttributeStatement": False,
        "signatureAlgorithm": Constants.RSA_SHA256,
        "digestAlgorithm": Constants.SHA256,
        "rejectDeprecatedAlgorithm": True,
    },
}


def auth(address, kind, text=""):
    """The service provider, reached at `address` with `text`."""
    security = dict(SETTINGS["security"])
    security["wantAssertionsSigned"] = kind in ("response-assertion", "response-both")
    security["wantMessagesSigned"] = kind in ("response-document", "response-both") or kind.startswith("logout")
    parts = urlsplit(address)
    query = urlsplit(text).query or text
    values = {name: found[0] for name, found in parse_qs(query).items()}
    request = {
        "https": "on",
        "http_host": parts.hostname,
        "script_name": parts.path,
        "get_data": {} if kind.startswith("response") else values,
        "post_data": values,
        "query_string": query,
        "validate_signature_from_qs": True,
    }
    return OneLogin_Saml2_Auth(request, {**SETTINGS, "security": security})


def make(kind):
    if kind == "authn-request-redirect":
        return auth(WORLD["acs"], kind).login(return_to=WORLD["relay_state"])
    if kind == "logout-request-redirect":
        return auth(WORLD["sp_slo"], kind).logout(
            return_to=WORLD["relay_state"], name_id=WORLD["subject"], session_index="_s"
        )
    if kind == "metadata":
        return auth(WORLD["acs"], kind).get_settings().get_sp_metadata().decode()
    sys.exit(2)


def judge(kind, text):
    if kind.startswith("response"):
        asked = auth(WORLD["acs"], kind, text)
        asked.process_response(WORLD["request"])
        told = asked.get_nameid()
    elif kind in ("logout-request-redirect", "logout-response-redirect"):
        asked = auth(WORLD["sp_slo"], kind, text)
        asked.process_slo(keep_local_session=True, request_id=WORLD["request"])
        told = asked.get_last_message_id()
    else:
        sys.exit(2)
    if asked.get_errors():
        raise ValueError(f"{asked.get_errors()} {asked.get_last_error_reason()}")
    return told


def main():
    command, kind = sys.argv[1:]
    if command == "make":
        print(make(kind), end="")
        return 0
    try:
        print(judge(kind, sys.stdin.read()), end="")
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
