// Tests that a store with frames is never removed: on full and failing disks, and at file size limits.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "store/local/sealing.h"
#include "store/local/store_testing.h"

namespace culprit {
namespace {

Batch mixed_batch(uint64_t first_trace, uint64_t traces) {
  Batch batch = batch_of(first_trace, traces);
  LogRecord log;
  log.body = "taken";
  log.source = "otlp";
  batch.logs.push_back(log);
  batch.received.push_back({"otlp", "log", 1});
  ThreadState state;
  state.tid = 7;
  batch.thread_states.push_back(state);
  batch.connections.emplace_back().id = first_trace;
  batch.processes.emplace_back().name = "shop";
  batch.ledger.push_back(ledger_row(LedgerKind::ring_full, 5, "recorder", "kernel"));
  return batch;
}

WriterOptions shedding(std::function<int(FileStep)> fails) {
  return {.when_full = WriterOptions::WhenFull::Shed, .patience_ms = 300, .fails = std::move(fails)};
}

// Checks that every span of `batches` mixed batches with ten traces each is stored or in the account.
void expect_all_accounted(Reader& reader, int64_t batches) {
  Account account = reader.account().value();
  EXPECT_EQ(account.received["span"], 30 * batches);
  EXPECT_EQ(account.received["log"], batches);
  EXPECT_TRUE(account.balanced());
  EXPECT_EQ(ledger_count(reader, "ring_full", "event"), 5 * batches) << "what the batches themselves had counted";
  EXPECT_EQ(ledger_count(reader, "seq_gap", "frame"), 0);
  EXPECT_FALSE(reader.processes().value().empty());
}

TEST(FullDisk, ForAMomentCostsNothing) {
  int refusals = 3;
  Store store;
  auto writer =
      open_writer(store.path,
                  shedding([&](FileStep step) { return step == FileStep::Write && refusals-- > 0 ? ENOSPC : 0; }))
          .value();
  for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(writer->push(mixed_batch(1 + 10 * i, 10)).has_value());
  ASSERT_TRUE(writer->close().has_value());
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 150u);
  expect_all_accounted(*reader, 5);
  EXPECT_EQ(ledger_count(*reader, "refused", "span"), 0);
}

TEST(FullDisk, ForLongShedsTheOldestAndCountsEveryUnit) {
  bool full = true;
  Store store;
  WriterOptions options = shedding([&](FileStep step) { return full && step == FileStep::Write ? ENOSPC : 0; });
  options.waiting_bytes = 4000;
  auto writer = open_writer(store.path, options).value();
  for (uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(writer->push(mixed_batch(1 + 10 * i, 10)).has_value());
  full = false;
  ASSERT_TRUE(writer->close().has_value());
  auto reader = store.read();
  expect_all_accounted(*reader, 50);
  int64_t refused = ledger_count(*reader, "refused", "log");
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 50);
  EXPECT_EQ(ledger_count(*reader, "refused", "span"), 30 * refused);
  EXPECT_EQ(ledger_count(*reader, "refused", "event"), refused);
  EXPECT_EQ(ledger_count(*reader, "refused", "connection"), refused);
}

TEST(FailingDisk, AFailedFsyncLosesAndDoublesNothing) {
  for (int which : {1, 2}) {
    int syncs = 0;
    Store store;
    auto writer =
        open_writer(store.path,
                    shedding([&](FileStep step) { return step == FileStep::Sync && ++syncs == which ? EIO : 0; }))
            .value();
    for (uint64_t i = 0; i < 4; ++i) {
      ASSERT_TRUE(writer->push(mixed_batch(1 + 10 * i, 10)).has_value());
      ASSERT_TRUE(writer->flush().has_value());
    }
    ASSERT_TRUE(writer->close().has_value());
    auto reader = store.read();
    EXPECT_EQ(span_count(*reader), 120u);
    expect_all_accounted(*reader, 4);
    EXPECT_EQ(ledger_count(*reader, "duplicate", "frame"), 0);
  }
}

TEST(FailingDisk, ThatNeverWritesIsAnErrorAndWhatWasWrittenStays) {
  bool broken = false;
  Store store;
  auto writer = open_writer(store.path, shedding([&](FileStep) { return broken ? EIO : 0; })).value();
  ASSERT_TRUE(writer->push(mixed_batch(1, 10)).has_value());
  broken = true;
  ASSERT_TRUE(writer->push(mixed_batch(11, 10)).has_value());
  EXPECT_FALSE(writer->close().has_value());
  EXPECT_EQ(writer->frames_written(), 1u);
  remove_unwritten(store.path);
  EXPECT_EQ(span_count(*store.read()), 30u) << "with a frame it is not removed";
}

TEST(FailingDisk, NothingIsLeftOfAStoreThatHasNoFrame) {
  Store store;
  auto writer = open_writer(store.path, shedding([](FileStep) { return EIO; })).value();
  ASSERT_TRUE(writer->push(mixed_batch(1, 10)).has_value());
  EXPECT_FALSE(writer->close().has_value());
  EXPECT_EQ(writer->frames_written(), 0u);
  writer.reset();
  remove_unwritten(store.path);
  EXPECT_TRUE(!path_exists(store.path) || !list_directory(store.layout.journal()).value().empty());
}

TEST(FullDisk, WhoWaitsGetsTheErrorInTheEnd) {
  Store store;
  auto writer = open_writer(store.path, {.patience_ms = 200,
                                         .fails = [](FileStep step) { return step == FileStep::Write ? ENOSPC : 0; }})
                    .value();
  auto refused = writer->push(batch_of(1, 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::Full);
}

TEST(SizeLimit, OfAFileIsFollowedByTheNextFile) {
  Store store;
  pid_t child = fork();
  if (child == 0) {
    rlimit limit = {6000, 6000};
    setrlimit(RLIMIT_FSIZE, &limit);
    auto writer = open_writer(store.path, {.when_full = WriterOptions::WhenFull::Shed, .patience_ms = 100});
    bool taken = writer.has_value();
    for (uint64_t i = 0; i < 20; ++i) taken = taken && writer.value()->push(mixed_batch(1 + 10 * i, 10)).has_value();
    _exit(taken && writer.value()->close().has_value() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GT(list_directory(store.layout.journal()).value().size(), 1u);
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 600u);
  expect_all_accounted(*reader, 20);
}

// A file system of `kilobytes` size that is unmounted with this object.
struct SmallDisk {
  TemporaryDirectory directory = TemporaryDirectory::create("small-disk").value();
  bool mounted;
  explicit SmallDisk(int kilobytes) {
    std::string size = "size=" + std::to_string(kilobytes) + "k";
    mounted = mount("small", directory.path().c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted) umount2(directory.path().c_str(), MNT_DETACH);
  }
  // Fills the file system except for `left` kilobytes.
  void fill(int left) const {
    File file = File::open(directory.path() + "/filler", O_WRONLY | O_CREAT).value();
    std::string block(1024, 'x');
    uint64_t written = 0;
    while (file.write_all(block).has_value()) written += 1024;
    ASSERT_EQ(ftruncate(file.fd(), static_cast<off_t>(written - std::min<uint64_t>(written, left * 1024ull))), 0);
  }
  void free() const { unlink((directory.path() + "/filler").c_str()); }
};

TEST(FullDisk, ARealOneKeepsTheAccountThoughItStaysFull) {
  SmallDisk disk(1024);
  if (!disk.mounted) GTEST_SKIP() << "mounting a tmpfs needs root";
  std::string path = disk.directory.path() + "/x.culprit";
  auto writer = open_writer(path, {.when_full = WriterOptions::WhenFull::Shed, .patience_ms = 200}).value();
  ASSERT_TRUE(writer->push(mixed_batch(1, 10)).has_value());
  disk.fill(0);
  for (uint64_t i = 1; i < 20; ++i) ASSERT_TRUE(writer->push(mixed_batch(1 + 10 * i, 10)).has_value());
  auto closed = writer->close();
  EXPECT_TRUE(closed.has_value()) << closed.error().message;
  writer.reset();
  auto reader = open_reader(path).value();
  EXPECT_GE(span_count(*reader), 30u);
  expect_all_accounted(*reader, 20);
  EXPECT_GT(ledger_count(*reader, "refused", "span"), 0);
}

TEST(FullDisk, AtTheTimeOfTheQuestionItIsReadPrivately) {
  SmallDisk disk(512);
  if (!disk.mounted) GTEST_SKIP() << "mounting a tmpfs needs root";
  std::string path = disk.directory.path() + "/x.culprit";
  auto writer = open_writer(path, {}).value();
  ASSERT_TRUE(writer->push(mixed_batch(1, 10)).has_value());
  ASSERT_TRUE(writer->close().has_value());
  disk.fill(8);
  auto before = list_directory(path + "/journal").value();
  for (int round = 0; round < 2; ++round) {
    auto reader = open_reader(path);
    ASSERT_TRUE(reader.has_value()) << reader.error().message;
    EXPECT_EQ(span_count(*reader.value()), 30u);
    EXPECT_EQ(ledger_count(*reader.value(), "refused", "file"), 1) << "is told";
    expect_all_accounted(*reader.value(), 1);
    EXPECT_EQ(list_directory(path + "/journal").value(), before);
    EXPECT_TRUE(list_directory(path + "/segments").value().empty()) << "nothing half-written stays";
  }
  disk.free();
  auto reader = open_reader(path).value();
  EXPECT_EQ(span_count(*reader), 30u);
  EXPECT_TRUE(list_directory(path + "/journal").value().empty());
}

TEST(ReadOnlyDisk, IsReadPrivately) {
  SmallDisk disk(512);
  if (!disk.mounted) GTEST_SKIP() << "mounting a tmpfs needs root";
  std::string path = disk.directory.path() + "/x.culprit";
  auto writer = open_writer(path, {}).value();
  ASSERT_TRUE(writer->push(mixed_batch(1, 10)).has_value());
  ASSERT_TRUE(writer->close().has_value());
  writer.reset();
  ASSERT_EQ(mount("small", disk.directory.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  auto reader = open_reader(path);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  EXPECT_EQ(span_count(*reader.value()), 30u);
}

TEST(NoDirectory, TheQuestionIsAnsweredFromMemory) {
  std::vector<Batch> batches;
  batches.push_back(mixed_batch(1, 10));
  Snapshot snapshot = seal_batches(std::move(batches), {"/nowhere/to/be/found"}).value();
  ASSERT_FALSE(snapshot.private_directory.has_value());
  auto reader = StoreReader::open(std::move(snapshot)).value();
  EXPECT_EQ(span_count(*reader), 30u);
  expect_all_accounted(*reader, 1);
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span"), "30");
  EXPECT_EQ(sql_value(*reader, "SELECT body FROM log"), "\"taken\"");
}

}  // namespace
}  // namespace culprit
