// The meaning of a span's attributes, under their current and their older names (OpenTelemetry semantic conventions
// 1.44; older names from 1.20 and before). Attributes are stored as they were sent. These functions interpret them.
//
// An absent text is empty, an absent number is 0. Views point into the attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/attribute.h"

namespace culprit {

// Database: "postgresql"; the statement as sent; "SELECT"; the database or schema; the table.
std::string_view db_system(const Attributes& attributes);
std::string_view db_text(const Attributes& attributes);
std::string_view db_summary(const Attributes& attributes);
std::string_view db_operation(const Attributes& attributes);
std::string_view db_namespace(const Attributes& attributes);
std::string_view db_collection(const Attributes& attributes);

// HTTP: "GET"; "/orders/{id}", if the server's framework reported it; the requested path without its query; 404.
std::string_view http_method(const Attributes& attributes);
std::string_view http_route(const Attributes& attributes);
std::string_view http_path(const Attributes& attributes);
int64_t http_status(const Attributes& attributes);

// Remote calls: "grpc"; "package.Service/Method", or the part of it that is present.
std::string_view rpc_system(const Attributes& attributes);
std::string rpc_method(const Attributes& attributes);

// Messages: "kafka"; the queue or topic.
std::string_view messaging_system(const Attributes& attributes);
std::string_view messaging_destination(const Attributes& attributes);

// The called host as its caller names it ("db", "10.0.0.3"), and its port.
std::string_view peer_address(const Attributes& attributes);
int64_t peer_port(const Attributes& attributes);

}  // namespace culprit
