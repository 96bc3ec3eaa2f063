// Places an order through a gateway with npm's `soap` as it is published, and judges the signed answer with
// npm's `xml-crypto`, as `soap` verifies nothing.
//
// Prints the order number and ends 0 when the answer's signature, made by the key of --gateway-cert, covers the
// answer's Body and Timestamp. Ends 3 when the answer is a fault (printed on standard error), 1 when the answer is
// not signed as it should be.
"use strict";

const fs = require("node:fs");
const https = require("node:https");
const path = require("node:path");
const { parseArgs } = require("node:util");
const soap = require("soap");
const { verifyAnswer } = require("./node_answer.js");

const { values: given } = parseArgs({
  options: {
    url: { type: "string" },
    key: { type: "string" },
    cert: { type: "string" },
    "gateway-cert": { type: "string" },
    soap: { type: "string", default: "1.1" },
    transforms: { type: "string", default: "default" }, // or "exclusive"
    customer: { type: "string", default: "ACME & Söhne" },
    user: { type: "string" },
    password: { type: "string" },
    "sign-user": { type: "boolean", default: false },
    "plain-id": { type: "boolean", default: false },
  },
});

async function main() {
  const client = await soap.createClientAsync(path.join(__dirname, "orders.wsdl"), {
    forceSoap12Headers: given.soap === "1.2",
  });
  client.setEndpoint(given.url);
  const signature = new soap.WSSecurityCert(fs.readFileSync(given.key), fs.readFileSync(given.cert), "", {
    hasTimeStamp: true,
    digestAlgorithm: "http://www.w3.org/2001/04/xmlenc#sha256",
    // `soap` refers to what it signs by a plain Id attribute unless it is asked for the one of WS-Security.
    signerOptions: { ...(!given["plain-id"] && { idMode: "wssecurity" }), prefix: "ds" },
    ...(given.transforms === "exclusive" && {
      signatureTransformations: ["http://www.w3.org/2001/10/xml-exc-c14n#"],
    }),
    ...(given["sign-user"] && { additionalReferences: ["wsse:UsernameToken"] }),
  });
  const user = () =>
    new soap.WSSecurity(given.user, given.password, {
      passwordType: "PasswordDigest",
      hasTimeStamp: false,
      mustUnderstand: true,
    });
  client.setSecurity(given.user ? new soap.WSSecurityPlusCert(user(), signature) : signature);
  const order = {
    customer: given.customer,
    line: [
      { sku: "A-1", quantity: 2 },
      { sku: "B<2>", quantity: 40 },
    ],
    remark: "deliver\nbefore noon",
  };
  // The gateway's certificate for TLS is one for signing, and names no address.
  const httpsAgent = new https.Agent({ rejectUnauthorized: false });
  const port = given.soap === "1.1" ? "Soap11" : "Soap12";
  let answer;
  try {
    const [result, raw] = await new Promise((resolve, reject) => {
      client.Orders[port].PlaceOrder(
        order,
        (error, result, raw) => (error ? reject(error) : resolve([result, raw])),
        { httpsAgent },
      );
    });
    answer = { result, raw };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    console.error(`fault ${JSON.stringify(fault)}`);
    return 3;
  }
  try {
    verifyAnswer(answer.raw, fs.readFileSync(given["gateway-cert"], "utf8"));
  } catch (error) {
    console.error(`the answer is not to be trusted: ${error.message}`);
    return 1;
  }
  console.log(answer.result.orderNumber);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.stack ?? error);
    process.exit(2);
  },
);
