// What a span's attributes say, by their current names and by those of older semantic conventions (OpenTelemetry semantic
// conventions 1.44; old names as of 1.20 and before). Attributes are kept as they were sent: who wants a meaning asks here.
//
// A text that is not there is empty, a number 0. Views point into the attributes.
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

// HTTP: "GET"; "/orders/{id}", where the server's framework told; the path as requested, without its query; 404.
std::string_view http_method(const Attributes& attributes);
std::string_view http_route(const Attributes& attributes);
std::string_view http_path(const Attributes& attributes);
int64_t http_status(const Attributes& attributes);

// Remote calls: "grpc"; "package.Service/Method" or what there is of it.
std::string_view rpc_system(const Attributes& attributes);
std::string rpc_method(const Attributes& attributes);

// Messages: "kafka"; the queue or topic.
std::string_view messaging_system(const Attributes& attributes);
std::string_view messaging_destination(const Attributes& attributes);

// The other side of a call as the caller names it ("db", "10.0.0.3"), and its port.
std::string_view peer_address(const Attributes& attributes);
int64_t peer_port(const Attributes& attributes);

}  // namespace culprit
