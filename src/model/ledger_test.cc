#include "model/ledger.h"

#include <gtest/gtest.h>

#include <set>

namespace culprit {
namespace {

TEST(LedgerKinds, HaveASentenceEach) {
  for (const LedgerKindInfo& kind : ledger_kinds()) {
    EXPECT_GE(kind.sentence.size(), 20u) << kind.name;
    EXPECT_EQ(kind.sentence.back(), '.') << kind.name;
    EXPECT_FALSE(to_string(kind.group).empty()) << kind.name;
    EXPECT_FALSE(to_string(kind.unit).empty()) << kind.name;
  }
}

TEST(LedgerKinds, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const LedgerKindInfo& kind : ledger_kinds()) EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
  EXPECT_GT(names.size(), 20u);
}

TEST(LedgerKinds, SayHowMuchTheyMatterToAnAnswer) {
  for (const LedgerKindInfo& kind : ledger_kinds()) {
    EXPECT_TRUE(kind.relevance >= 0 && kind.relevance <= 9) << kind.name;
    EXPECT_EQ(kind.relevance == 0, kind.effect == LedgerEffect::None) << kind.name;
  }
  EXPECT_EQ(info(LedgerKind::stream_gap).relevance, info(LedgerKind::proto_resync).relevance);
  EXPECT_EQ(info(LedgerKind::no_requests).effect, LedgerEffect::None) << "a socket without requests hides none";
  EXPECT_EQ(info(LedgerKind::ring_full).effect, LedgerEffect::Loss);
}

TEST(LedgerKinds, AreFoundByTheirName) {
  ASSERT_NE(find_ledger_kind("stream_gap"), nullptr);
  EXPECT_EQ(find_ledger_kind("stream_gap")->name, "stream_gap");
  EXPECT_EQ(find_ledger_kind("no such kind"), nullptr);
}

TEST(LedgerKinds, AreFoundByTheirNumber) {
  EXPECT_EQ(info(LedgerKind::duplicate).name, "duplicate");
  EXPECT_EQ(info(LedgerKind::ring_full).group, LedgerGroup::Capture);
  EXPECT_EQ(info(LedgerKind::seq_gap).name, "seq_gap");
}

TEST(LedgerRow, TakesNameAndUnitFromItsKind) {
  LedgerRow row = ledger_row(LedgerKind::ring_full, 7, "recorder", "kernel", "CPU 3");
  EXPECT_EQ(row.kind, "ring_full");
  EXPECT_EQ(row.unit, "event");
  EXPECT_EQ(row.n, 7);
  EXPECT_EQ(row.source, "recorder");
  EXPECT_EQ(row.stage, "kernel");
  EXPECT_EQ(row.detail, "CPU 3");
  EXPECT_EQ(row.evidence, Evidence::Exact);
}

TEST(Account, IsBalancedWhereWhatCameInIsStoredOrAccountedFor) {
  Account account{{{"span", 10}, {"log", 3}}, {{"span", 8}, {"log", 3}}, {{"span", 2}}};
  EXPECT_TRUE(account.balanced());
  EXPECT_TRUE(Account{}.balanced());
}

TEST(Account, IsUnbalancedByOneInAnyUnit) {
  EXPECT_FALSE((Account{{{"span", 10}}, {{"span", 9}}, {}}).balanced());
  EXPECT_FALSE((Account{{{"span", 10}}, {{"span", 10}}, {{"span", 1}}}).balanced());
  EXPECT_FALSE((Account{{}, {{"log", 1}}, {}}).balanced());
  // A surplus of one unit does not compensate a deficit of another.
  EXPECT_FALSE((Account{{{"span", 2}}, {{"span", 1}, {"log", 1}}, {}}).balanced());
}

TEST(Account, IsBalancedWithUnitsOfWhichThereAreNone) {
  EXPECT_TRUE((Account{{{"span", 1}}, {{"span", 1}, {"log", 0}}, {{"metric", 0}}}).balanced());
}

}  // namespace
}  // namespace culprit
