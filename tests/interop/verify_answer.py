"""Verifies the signature of a SOAP message with libxmlsec1 by the certificate of a file, and tells what it is.

    verify_answer.py CERTIFICATE MESSAGE

prints the URI of the algorithm and the names of the elements that are signed, each on a line; it fails if the signature does not hold.
"""

import sys

import xmlsec
from lxml import etree

DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def main():
    certificate, message = sys.argv[1:]
    root = etree.parse(message).getroot()
    [signature] = root.iter(f"{DS}Signature")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(certificate, xmlsec.constants.KeyDataFormatCertPem)
    named = {}
    for element in root.iter():
        name = element.get(f"{{{WSU}}}Id")
        if name is not None:
            context.register_id(element, "Id", WSU)
            named[name] = element
    context.verify(signature)
    print(signature.find(f"{DS}SignedInfo/{DS}SignatureMethod").get("Algorithm"))
    for reference in signature.iter(f"{DS}Reference"):
        print(etree.QName(named[reference.get("URI").removeprefix("#")]).localname)


main()
