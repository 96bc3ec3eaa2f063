// The orders service of ../orders.wsdl, as gSOAP's soapcpp2 reads it.
//gsoap o service name: Orders
//gsoap o service namespace: urn:example:orders
//gsoap o schema namespace: urn:example:orders
//gsoap o schema form: qualified
//gsoap o service method-style: PlaceOrder document
//gsoap o service method-encoding: PlaceOrder literal
//gsoap o service method-action: PlaceOrder urn:example:orders:PlaceOrder
#import "wsse.h"

struct o__Line {
  char *sku 1;
  int quantity 1;
};

struct o__PlaceOrderResponse {
  char *orderNumber 1;
};

int o__PlaceOrder(char *customer 1, int __sizeline, struct o__Line *line 1, char *remark 0,
                  struct o__PlaceOrderResponse *answer);
