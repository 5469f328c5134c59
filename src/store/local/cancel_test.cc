// Tests that every step of the store ends on request and leaves no temporary directory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "store/local/store_testing.h"

namespace culprit {
namespace {

// $TMPDIR of a test: what is left in it.
class Temporary {
 public:
  Temporary() { setenv("TMPDIR", directory_.path().c_str(), 1); }
  ~Temporary() { unsetenv("TMPDIR"); }
  bool empty() const { return list_directory(directory_.path()).value().empty(); }

 private:
  TemporaryDirectory directory_ = TemporaryDirectory::create("cancel-test").value();
};

template <class T>
void expect_cancelled(const Result<T>& result) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, Error::Kind::Cancelled) << result.error().message;
}

TEST(Cancel, ThePrivateStoresLastStep) {
  Temporary temporary;
  CancelToken token;
  {
    auto store = open_private_store({.cancel = &token}).value();
    for (uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(store->push(batch_of(1 + 100 * i, 100)).has_value());
    EXPECT_FALSE(temporary.empty());
    token.request();
    expect_cancelled(store->read());
  }
  EXPECT_TRUE(temporary.empty());
}

TEST(Cancel, ThePrivateStoreWhileItSpills) {
  Temporary temporary;
  CancelToken token;
  token.request();
  auto store = open_private_store({.buffered_spans = 100, .held_bytes = 1000, .cancel = &token}).value();
  expect_cancelled(store->push(batch_of(1, 100)));
}

TEST(Cancel, AReaderOfAPrivateStore) {
  Temporary temporary;
  CancelToken token;
  {
    auto store = open_private_store({.buffered_spans = 100, .cancel = &token}).value();
    for (uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(store->push(batch_of(1 + 100 * i, 100)).has_value());
    auto reader = store->read().value();
    uint64_t seen = 0;
    auto visited = reader->for_each_trace(0, kAlways, [&](const Trace&) {
      if (++seen == 5) token.request();
      return true;
    });
    expect_cancelled(visited);
    EXPECT_EQ(seen, 5u);
    expect_cancelled(reader->ledger());
    expect_cancelled(reader->sql("SELECT 1", {}));
  }
  EXPECT_TRUE(temporary.empty());
}

TEST(Cancel, SealingLeavesTheStoreAsItWas) {
  Store store;
  Temporary temporary;
  {
    auto writer = open_writer(store.path, {}).value();
    for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(writer->push(batch_of(1 + 10 * i, 10)).has_value());
    ASSERT_TRUE(writer->close().has_value());
  }
  CancelToken token;
  token.request();
  for (auto seal : {ReaderOptions::Seal::Lazily, ReaderOptions::Seal::Privately})
    expect_cancelled(open_reader(store.path, {.seal = seal, .cancel = &token}));
  EXPECT_TRUE(temporary.empty());
  EXPECT_EQ(span_count(*store.read()), 150u);
}

TEST(Cancel, AQueryOfASealedStore) {
  Store store;
  {
    auto writer = open_writer(store.path, {}).value();
    ASSERT_TRUE(writer->push(batch_of(1, 100)).has_value());
    ASSERT_TRUE(writer->close().has_value());
  }
  CancelToken token;
  auto reader = open_reader(store.path, {.cancel = &token}).value();
  EXPECT_EQ(span_count(*reader), 300u) << "a token that is not requested changes nothing";
  token.request();
  expect_cancelled(reader->ledger());
  expect_cancelled(reader->for_each_trace(0, kAlways, [](const Trace&) { return true; }));
  expect_cancelled(reader->for_each_trace(1, 2, [](const Trace&) { return true; }));
}

}  // namespace
}  // namespace culprit
