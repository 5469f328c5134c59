// HttpServer: answers HTTP/1.1 on one port, one thread per connection.
#pragma once

#include <functional>

#include "shop/http.h"

namespace shop {

using Handler = std::function<HttpResponse(const HttpRequest&)>;

// Listens on 127.0.0.1:`port` and never returns. `handler` is called by many threads.
[[noreturn]] void serve_http(int port, Handler handler);

}  // namespace shop
