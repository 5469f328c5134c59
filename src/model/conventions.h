// The meaning of a span's attributes, under their current and their older names (OpenTelemetry semantic conventions
// 1.44; older names from 1.20 and before). Attributes are stored as they were sent. These functions interpret them.
//
// An absent text is empty, an absent number is 0. Views point into the attributes.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/attribute.h"

namespace culprit {

// Database: "postgresql"; the statement as sent; the database or schema.
std::string_view db_system(const Attributes& attributes);
std::string_view db_text(const Attributes& attributes);
std::string_view db_namespace(const Attributes& attributes);

// HTTP: 404.
int64_t http_status(const Attributes& attributes);

// The other side of a call as the caller knows it ("db", "10.0.0.3"), and its port.
std::string_view peer_address(const Attributes& attributes);
int64_t peer_port(const Attributes& attributes);
// As people call it ("payments"): what the sender says it is, whatever its address. Empty: not said.
std::string_view peer_service(const Attributes& attributes);

}  // namespace culprit
