#include "protocol/registry/registry.h"

#include <array>

#include "protocol/http/conversation.h"
#include "protocol/http/recognise.h"
#include "protocol/opaque/opaque.h"
#include "protocol/opaque/tls.h"
#include "protocol/postgresql/conversation.h"
#include "protocol/postgresql/recognise.h"
#include "statement/normalise.h"

namespace culprit {

namespace {

using Sql = std::shared_ptr<SqlCache>;

// After so many bytes without a match, the result is final: no recogniser needs more.
constexpr size_t kEnough = 64;

// Opaque turns use the SQL dialect of PostgreSQL, the only server whose texts are reported.
constexpr std::array<Protocol, 4> kProtocols = {{
    {"tls", &recognise_tls,
     [](Sql sql) -> std::unique_ptr<Conversation> {
       return std::make_unique<OpaqueConversation>("tls", std::move(sql));
     },
     "postgresql"},
    {"http", &http::recognise,
     [](Sql) -> std::unique_ptr<Conversation> { return std::make_unique<http::HttpConversation>(); }, ""},
    {"postgresql", &postgresql::recognise,
     [](Sql sql) -> std::unique_ptr<Conversation> {
       return std::make_unique<postgresql::PostgresqlConversation>(std::move(sql));
     },
     "postgresql"},
    {"unknown", nullptr,
     [](Sql sql) -> std::unique_ptr<Conversation> {
       return std::make_unique<OpaqueConversation>("unknown", std::move(sql));
     },
     "postgresql"},
}};

}  // namespace

std::span<const Protocol> known_protocols() { return kProtocols; }

Recognised Protocols::recognise(std::string_view bytes) const {
  if (bytes.empty()) return {};
  for (const Protocol& protocol : protocols_) {
    if (!protocol.recognise) continue;
    if (const std::optional<From> from = protocol.recognise(bytes)) return {protocol.name, *from, true};
  }
  return {{}, From::Client, bytes.size() >= kEnough};
}

std::unique_ptr<Conversation> Protocols::make(std::string_view name) {
  for (const Protocol& protocol : protocols_) {
    if (protocol.name != name) continue;
    std::shared_ptr<SqlCache> sql;
    if (!protocol.dialect.empty()) {
      std::shared_ptr<SqlCache>& shared = sql_[protocol.dialect];
      if (!shared) shared = std::make_shared<SqlCache>(sql_dialect(protocol.dialect));
      sql = shared;
    }
    return protocol.make(std::move(sql));
  }
  return nullptr;
}

}  // namespace culprit
