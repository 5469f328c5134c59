// shipping: the forwarder's service, which the shop only calls. Its setting (reloaded on SIGHUP): `delay_ms`, how late it
// answers.
#include <unistd.h>

#include <cstdlib>

#include "shop/config.h"
#include "shop/http_server.h"
#include "shop/options.h"

int main(int argc, char** argv) {
  shop::Options options(argc, argv);
  shop::Config config(options.text("config"));
  shop::serve_http(options.number("port", 0), [&](const shop::HttpRequest& request) -> shop::HttpResponse {
    long id = request.id_after("/shipments/");
    int delay_ms = config.number("delay_ms", 0);
    // A quarter more or less, by the shipment: no service answers like a clock.
    if (delay_ms > 0) usleep(static_cast<unsigned>(delay_ms) * (750 + id * 7919 % 500));
    return {200, "{\"id\":" + std::to_string(id) + ",\"status\":\"" + (id % 3 ? "delivered" : "on its way") + "\"}"};
  });
}
