"""Places an order through a gateway with zeep as it is published, and judges the signed answer.

Prints the order number and ends 0 when the answer's signature, made by the key of `--gateway-cert`,
covers the answer's Body and Timestamp. Ends 3 when the answer is a fault (printed on standard error),
1 when the answer is not signed as it should be.
"""

import argparse
import datetime
import pathlib
import sys

import requests
import xmlsec
import zeep
import zeep.exceptions
from zeep import ns
from zeep.transports import Transport
from zeep.wsse import BinarySignature, Compose, MemorySignature, Signature, UsernameToken
from zeep.wsse.utils import WSU, get_security_header, get_timestamp

WSDL = pathlib.Path(__file__).parent / "orders.wsdl"


class Timestamp:
    """The wsu:Timestamp that zeep's signature classes sign when it stands in the header.

    zeep publishes the parts of it; its own UsernameToken is the only class that puts them together.
    """

    def __init__(self, age=datetime.timedelta()):
        self.age = age

    def apply(self, envelope, headers):
        created = datetime.datetime.now(datetime.timezone.utc) - self.age
        expires = created + datetime.timedelta(minutes=5)
        timestamp = WSU.Timestamp()
        timestamp.append(WSU.Created(get_timestamp(created, zulu_timestamp=True)))
        timestamp.append(WSU.Expires(get_timestamp(expires, zulu_timestamp=True)))
        get_security_header(envelope).append(timestamp)
        return envelope, headers

    def verify(self, envelope):
        return envelope


class Answer:
    """Trusts the gateway's certificate and asks what the signature covers, which zeep leaves to its caller."""

    def __init__(self, certificate):
        self.signature = MemorySignature(key_data=None, cert_data=pathlib.Path(certificate).read_bytes())

    def apply(self, envelope, headers):
        return envelope, headers

    def verify(self, envelope):
        if envelope.find(".//{*}Fault") is not None:
            return envelope  # zeep raises it; a fault is not signed and says nothing worth trusting
        security = envelope.find("./{*}Header/{%s}Security" % ns.WSSE)
        if security is None or security.find("{%s}Signature" % ns.DS) is None:
            raise zeep.exceptions.SignatureVerificationFailed("the answer is not signed")
        self.signature.verify(envelope)
        signed = {
            reference.get("URI")
            for reference in security.iterfind(
                "./{%s}Signature/{%s}SignedInfo/{%s}Reference" % (ns.DS, ns.DS, ns.DS)
            )
        }
        for part in (envelope.find("./{*}Body"), security.find("{%s}Timestamp" % ns.WSU)):
            if part is None or "#" + part.get("{%s}Id" % ns.WSU, "") not in signed:
                raise zeep.exceptions.SignatureVerificationFailed("Body or Timestamp is not covered")
        return envelope


class Exchange:
    """The request is signed with our key and the answer with the gateway's; zeep knows one for both ways."""

    def __init__(self, request, answer):
        self.apply = request.apply
        self.verify = answer.verify


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--url", required=True)
    arguments.add_argument("--key", required=True)
    arguments.add_argument("--cert", required=True)
    arguments.add_argument("--gateway-cert", required=True)
    arguments.add_argument("--soap", choices=["1.1", "1.2"], default="1.1")
    arguments.add_argument("--key-info", choices=["binary", "x509data"], default="binary")
    arguments.add_argument("--age", type=int, default=0, help="seconds since the message was created")
    arguments.add_argument("--customer", default="ACME & Söhne")
    arguments.add_argument("--user")
    arguments.add_argument("--password")
    given = arguments.parse_args()

    kind = BinarySignature if given.key_info == "binary" else Signature
    # zeep's signature classes sign the Body and the Timestamp, and no token.
    user = [UsernameToken(given.user, given.password, use_digest=True, zulu_timestamp=True)] if given.user else []
    request = Compose(
        [
            *user,
            Timestamp(datetime.timedelta(seconds=given.age)),
            kind(
                given.key,
                given.cert,
                signature_method=xmlsec.Transform.RSA_SHA256,
                digest_method=xmlsec.Transform.SHA256,
            ),
        ]
    )
    session = requests.Session()
    session.trust_env = False
    session.verify = False  # the gateway's certificate for TLS is one for signing, and names no address
    exchange = Exchange(request, Answer(given.gateway_cert))
    client = zeep.Client(str(WSDL), wsse=exchange, transport=Transport(session=session))
    binding = {"1.1": "OrdersSoap11", "1.2": "OrdersSoap12"}[given.soap]
    service = client.create_service("{urn:example:orders}" + binding, given.url)
    try:
        answer = service.PlaceOrder(
            customer=given.customer,
            line=[{"sku": "A-1", "quantity": 2}, {"sku": "B<2>", "quantity": 40}],
            remark="deliver\nbefore noon",
        )
    except zeep.exceptions.Fault as fault:
        print(f"fault {fault.code}: {fault.message}", file=sys.stderr)
        return 3
    except zeep.exceptions.SignatureVerificationFailed as error:
        print(f"the answer is not to be trusted: {error}", file=sys.stderr)
        return 1
    print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
