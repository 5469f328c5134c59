// The messages of HTTP/1.1 (RFC 9112), as far as the shop speaks it: Content-Length bodies, keep-alive.
#pragma once

#include <string>

namespace shop {

struct HttpRequest {
  std::string method;  // "GET"
  std::string path;    // "/orders", without the query
  std::string query;   // "customer=7"
  std::string body;

  // The value of `name` in the query, or empty.
  std::string parameter(const std::string& name) const;
  // The part of the path after `prefix`, where it is a number, else 0.
  long id_after(const std::string& prefix) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
};

}  // namespace shop
