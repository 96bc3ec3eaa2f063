/* The orders service with gSOAP and its wsse plugin, as they are published: a client that judges the signed answer, and
 * a backend that knows nothing of WS-Security.
 *
 *   orders call --url URL --key PEM --cert PEM --gateway-cert PEM --ca PEM [options]
 *     prints the order number and ends 0 when the answer's signature, made by the key of --gateway-cert, covers the
 *     answer's Body and Timestamp; ends 3 when the answer is a fault (printed on standard error), 1 when the answer is
 *     not signed as it should be.
 *       --soap 1.1|1.2      which envelope (1.1)
 *       --key-info KIND     binary: a BinarySecurityToken (default); x509data: the certificate in X509Data
 *       --user NAME --password SECRET [--secret-as digest|text]   a UsernameToken, signed too
 *       --encrypt CIPHER    the Body encrypted to --gateway-cert after signing: aes256-cbc, aes256-gcm
 *       --rsa-oaep          that with OAEP, where gSOAP uses PKCS#1 v1.5 otherwise
 *       --unsigned          no signature
 *       --age SECONDS       since the message was created (0)
 *
 *   orders serve
 *     prints its port and serves until its standard input ends.
 */
#include "Orders.nsmap"
#include "wsseapi.h"

#include <poll.h>

static const char WSU[] = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
static const char ORDER_NUMBER[] = "Gr\xc3\xb6\xc3\x9f" "e <4711>";

struct given {
  const char *url, *key, *cert, *gateway_cert, *ca, *soap, *key_info, *user, *password, *secret_as, *encrypt;
  int rsa_oaep, is_unsigned, age;
};

static void stop(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(2);
}

static X509 *certificate(const char *path) {
  FILE *file = fopen(path, "r");
  X509 *read = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
  if (!read) stop(path);
  fclose(file);
  return read;
}

static EVP_PKEY *private_key(const char *path) {
  FILE *file = fopen(path, "r");
  EVP_PKEY *read = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
  if (!read) stop(path);
  fclose(file);
  return read;
}

static struct given arguments(int count, char **words) {
  struct given given = {.soap = "1.1", .key_info = "binary", .secret_as = "digest"};
  const struct { const char *name; const char **value; } texts[] = {
    {"--url", &given.url}, {"--key", &given.key}, {"--cert", &given.cert}, {"--gateway-cert", &given.gateway_cert},
    {"--ca", &given.ca}, {"--soap", &given.soap}, {"--key-info", &given.key_info}, {"--user", &given.user},
    {"--password", &given.password}, {"--secret-as", &given.secret_as}, {"--encrypt", &given.encrypt}};
  for (int at = 2; at < count; at++) {
    size_t known = sizeof texts / sizeof *texts, text = 0;
    if (!strcmp(words[at], "--unsigned")) { given.is_unsigned = 1; continue; }
    if (!strcmp(words[at], "--rsa-oaep")) { given.rsa_oaep = 1; continue; }
    if (at + 1 == count) stop(words[at]);
    if (!strcmp(words[at], "--age")) { given.age = atoi(words[++at]); continue; }
    while (text < known && strcmp(words[at], texts[text].name)) text++;
    if (text == known) stop(words[at]);
    *texts[text].value = words[++at];
  }
  if (!given.url || !given.gateway_cert || !given.ca) stop("--url, --gateway-cert and --ca are needed");
  return given;
}

static void add_timestamp(struct soap *soap, int age) {
  soap_wsse_add_Timestamp(soap, "Time", 300);
  struct _wsu__Timestamp *timestamp = soap_wsse_Timestamp(soap);
  time_t created = time(NULL) - age;
  timestamp->Created = soap_strdup(soap, soap_dateTime2s(soap, created));
  timestamp->Expires = soap_strdup(soap, soap_dateTime2s(soap, created + 300));
}

static int secure(struct soap *soap, const struct given *given) {
  soap_wsse_add_Security(soap);
  add_timestamp(soap, given->age);
  if (given->user) {
    int failed = strcmp(given->secret_as, "text")
      ? soap_wsse_add_UsernameTokenDigest(soap, "User", given->user, given->password)
      : soap_wsse_add_UsernameTokenText(soap, "User", given->user, given->password);
    if (failed) return failed;
  }
  if (!given->is_unsigned) {
    X509 *own = certificate(given->cert);
    int failed = strcmp(given->key_info, "x509data")
      ? soap_wsse_add_BinarySecurityTokenX509(soap, "X509Token", own)
        || soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#X509Token")
      : soap_wsse_add_KeyInfo_X509Certificate(soap, own);
    if (failed || soap_wsse_sign_body(soap, SOAP_SMD_SIGN_RSA_SHA256, private_key(given->key), 0)
        || soap_wsse_sign_only(soap, given->user ? "Time User Body" : "Time Body"))
      return 1;
  }
  if (given->encrypt) {
    int cipher = strcmp(given->encrypt, "aes256-gcm") ? SOAP_MEC_ENV_ENC_AES256_CBC : SOAP_MEC_ENV_ENC_AES256_GCM;
    return soap_wsse_add_EncryptedKey(soap, cipher | (given->rsa_oaep ? SOAP_MEC_OAEP : 0), "Cert",
                                      certificate(given->gateway_cert), NULL, NULL, NULL);
  }
  return SOAP_OK;
}

/* The plugin verified the signature and its chain to --ca; whose it is and what it covers is asked of its caller. */
static const char *wrong_with_answer(struct soap *soap, const struct given *given) {
  X509 *signer = soap_wsse_get_KeyInfo_SecurityTokenReferenceX509(soap);
  if (!signer) return "no certificate";
  if (X509_cmp(signer, certificate(given->gateway_cert))) return "another signer";
  if (soap_wsse_verify_body(soap)) return "the Body is not covered";
  if (soap_wsse_verify_Timestamp(soap)) return "no Timestamp, or an expired one";
  if (soap_wsse_verify_element(soap, WSU, "Timestamp") != 1) return "the Timestamp is not covered";
  return NULL;
}

/* What came. The plugin asks that a fault is signed too, and has then only its own to tell. */
static char came[1 << 16];
static size_t (*receive)(struct soap *, char *, size_t);

static size_t receive_and_keep(struct soap *soap, char *to, size_t room) {
  size_t got = receive(soap, to, room), kept = strlen(came);
  if (got < sizeof came - kept) memcpy(came + kept, to, got);
  return got;
}

static int call(const struct given *given) {
  struct soap *soap = soap_new1(SOAP_XML_CANONICAL | SOAP_C_UTFSTRING);
  struct o__Line lines[] = {{"A-1", 2}, {"B<2>", 40}};
  struct o__PlaceOrderResponse answer;
  if (!strcmp(given->soap, "1.2")) {
    namespaces[0].ns = "http://www.w3.org/2003/05/soap-envelope";
    namespaces[1].ns = "http://www.w3.org/2003/05/soap-encoding";
  }
  soap_set_namespaces(soap, namespaces);
  soap_register_plugin(soap, soap_wsse);
  soap->cafile = given->ca;
  receive = soap->frecv;
  soap->frecv = receive_and_keep;
  if (secure(soap, given)) stop("the request was not made");
  soap_wsse_verify_auto(soap, SOAP_SMD_NONE, NULL, 0);
  int failed = soap_call_o__PlaceOrder(soap, given->url, NULL, "ACME & S\xc3\xb6hne", 2, lines,
                                       "deliver\nbefore noon", &answer);
  if (failed) {
    soap_print_fault(soap, stderr);
    if (soap->status == 200) return 1;
    fprintf(stderr, "%s\n", came);
    return strstr(came, ":Fault>") ? 3 : 2;
  }
  const char *wrong = wrong_with_answer(soap, given);
  if (wrong) {
    fprintf(stderr, "the answer is not to be trusted: %s\n", wrong);
    return 1;
  }
  printf("%s\n", answer.orderNumber);
  return 0;
}

int o__PlaceOrder(struct soap *soap, char *customer, int lines, struct o__Line *line, char *remark,
                  struct o__PlaceOrderResponse *answer) {
  (void)remark;
  if (strcmp(customer, "ACME & S\xc3\xb6hne") || lines != 2 || line[1].quantity != 40)
    return soap_sender_fault(soap, "another order than the one that was placed", NULL);
  answer->orderNumber = soap_strdup(soap, ORDER_NUMBER);
  return SOAP_OK;
}

static int serve(void) {
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING);
  struct sockaddr_in bound;
  socklen_t size = sizeof bound;
  soap_set_namespaces(soap, namespaces);
  if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", 0, 8))) stop("no port is free");
  if (getsockname(soap->master, (struct sockaddr *)&bound, &size)) stop("no address");
  printf("%d\n", ntohs(bound.sin_port));
  fflush(stdout);
  for (;;) {
    struct pollfd events[] = {{.fd = soap->master, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    if (poll(events, 2, -1) < 0 || events[1].revents) return 0;
    if (!soap_valid_socket(soap_accept(soap))) continue;
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
  }
}

int main(int count, char **words) {
  soap_ssl_init();
  if (count == 2 && !strcmp(words[1], "serve")) return serve();
  if (count < 2 || strcmp(words[1], "call")) stop("orders call ... | orders serve");
  struct given given = arguments(count, words);
  return call(&given);
}
