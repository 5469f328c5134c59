// gateway: the shop's front. Passes requests on to orders and catalogue.
#include "shop/http_client.h"
#include "shop/http_server.h"
#include "shop/options.h"

namespace {

using namespace shop;

std::string target_of(const HttpRequest& request) {
  return request.query.empty() ? request.path : request.path + "?" + request.query;
}

bool begins(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// A new order is of a product that exists.
HttpResponse place_order(HttpPool& orders, HttpPool& catalogue, const HttpRequest& request) {
  std::string product = request.parameter("product");
  HttpResponse found = catalogue.call("GET", "/products/" + product);
  if (found.status != 200) return found;
  return orders.call("POST", target_of(request), request.body);
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv);
  // As many connections to each service as clients are served at once: no request waits for a connection.
  int connections = options.number("connections", 40);
  HttpPool orders(options.number("orders", 0), connections), catalogue(options.number("catalogue", 0), connections);
  serve_http(options.number("port", 0), [&](const HttpRequest& request) -> HttpResponse {
    if (request.method == "POST" && request.path == "/orders") return place_order(orders, catalogue, request);
    if (begins(request.path, "/orders") || begins(request.path, "/customers")) {
      return orders.call(request.method, target_of(request), request.body);
    }
    if (begins(request.path, "/products") || begins(request.path, "/stock")) {
      return catalogue.call(request.method, target_of(request), request.body);
    }
    return {404, "{}"};
  });
}
