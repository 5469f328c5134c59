#include "protocol/http/recognise.h"

#include "protocol/http/head.h"

namespace culprit::http {

std::optional<From> recognise(std::string_view bytes) {
  if (begins_request(bytes)) return From::Client;
  if (begins_response(bytes)) return From::Server;
  return std::nullopt;
}

}  // namespace culprit::http
