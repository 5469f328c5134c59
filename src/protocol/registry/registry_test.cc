#include "protocol/registry/registry.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "protocol/shared/sql_exchange.h"

namespace culprit {
namespace {

// Every segment of the client is one statement.
class LineConversation final : public Conversation {
 public:
  explicit LineConversation(std::shared_ptr<SqlCache> sql) : sql_(std::move(sql)) {}
  void feed(From, int64_t time_ns, std::string_view head, std::string_view, uint64_t) override {
    Exchange exchange;
    const SqlRun run{sql_->normalise(head), {}};
    describe_sql(exchange, {&run, 1}, 1);
    end_request(begin_request(time_ns, 0), std::move(exchange));
  }
  void gap(From, int64_t, uint64_t) override {}
  void set_statement_text(int64_t, std::string_view, bool) override {}
  void close(int64_t, Closing) override {}
  std::optional<CurrentRequest> current() const override { return std::nullopt; }
  ConversationCounts take_counts() override { return {}; }
  std::string_view protocol() const override { return "lines"; }
  CapturePolicies capture_policies() const override { return {}; }

 private:
  std::shared_ptr<SqlCache> sql_;
};

std::unique_ptr<Conversation> make_lines(std::shared_ptr<SqlCache> sql) {
  return std::make_unique<LineConversation>(std::move(sql));
}

constexpr Protocol kProtocols[] = {
    {"a mysql", nullptr, &make_lines, "mysql"},
    {"a postgresql", nullptr, &make_lines, "postgresql"},
    {"an sql server", nullptr, &make_lines, "microsoft.sql_server"},
    {"another mysql", nullptr, &make_lines, "mariadb"},
};

std::string text(Protocols& protocols, std::string_view protocol, std::string_view sql) {
  std::unique_ptr<Conversation> conversation = protocols.make(protocol);
  conversation->feed(From::Client, 1, sql, {}, sql.size());
  return std::string(find_text(conversation->exchange(conversation->events().back()).attributes, "db.query.text"));
}

TEST(Registry, StatementsAreReadInTheDialectOfTheirProtocol) {
  Protocols protocols(kProtocols);
  EXPECT_EQ(text(protocols, "a mysql", R"(SELECT `a` FROM t WHERE b = "it's" # 42)"), "SELECT `a` FROM t WHERE b = ?");
  EXPECT_EQ(text(protocols, "another mysql", R"(SELECT a FROM t WHERE b = 'it\'s' AND c = 1)"),
            "SELECT a FROM t WHERE b = ? AND c = ?");
  EXPECT_EQ(text(protocols, "a postgresql", R"(SELECT "a" #> 'x' FROM t WHERE b = E'\'s')"),
            R"(SELECT "a" #> ? FROM t WHERE b = ?)");
  EXPECT_EQ(text(protocols, "an sql server", "SELECT [a b] FROM #t WHERE c = N'x'"),
            "SELECT [a b] FROM #t WHERE c = ?");
}

TEST(Registry, ATextMeansInEachProtocolWhatItsDialectSays) {
  Protocols protocols(kProtocols);
  for (int i = 0; i < 2; ++i) {  // the second time from the caches
    EXPECT_EQ(text(protocols, "a mysql", R"(SELECT "x" FROM t)"), "SELECT ? FROM t");
    EXPECT_EQ(text(protocols, "a postgresql", R"(SELECT "x" FROM t)"), R"(SELECT "x" FROM t)");
  }
}

}  // namespace
}  // namespace culprit
