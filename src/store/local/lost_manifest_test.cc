// Tests that a query removes only journal frames whose rows are sealed, verified and listed in a durable manifest.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "model/batch_codec.h"
#include "model/frame.h"
#include "store/files/manifest.h"
#include "store/files/side_record.h"
#include "store/local/store_testing.h"

namespace culprit {
namespace {

std::string bytes_of(const std::string& path) {
  auto file = File::open(path, O_RDONLY);
  return file.has_value() ? file.value().read_all(1 << 24).value() : std::string();
}

void write_bytes(const std::string& path, std::string_view bytes) {
  File file = File::open(path, O_WRONLY | O_CREAT | O_TRUNC).value();
  ASSERT_TRUE(file.write_all(bytes).has_value());
}

std::set<std::string> names_in(const std::string& path) {
  std::vector<std::string> names = list_directory(path).value();
  return {names.begin(), names.end()};
}

// A store with two sealings of 30 spans each.
struct SealedStore : Store {
  SealedStore() {
    for (uint64_t round = 0; round < 2; ++round) {
      write({batch_of(1 + round * 10, 10)});
      EXPECT_EQ(span_count(*read()), 30 * (round + 1));
    }
  }

  void expect_whole(const std::string& what) {
    std::set<std::string> before = names_in(layout.segments());
    for (auto seal : {ReaderOptions::Seal::Privately, ReaderOptions::Seal::Lazily, ReaderOptions::Seal::Lazily}) {
      auto reader = read({.seal = seal});
      ASSERT_NE(reader, nullptr) << what;
      EXPECT_EQ(span_count(*reader), 60u) << what;
      Account account = reader->account().value();
      EXPECT_EQ(account.received["span"], 60) << what;
      EXPECT_TRUE(account.balanced()) << what;
      EXPECT_GT(ledger_count(*reader, "malformed", "file"), 0) << what << ": is told";
      std::set<std::string> after = names_in(layout.segments());
      for (const std::string& name : before) EXPECT_TRUE(after.contains(name)) << what << ": " << name << " is gone";
    }
    // The store can be written to as before.
    write({batch_of(101, 10)});
    EXPECT_EQ(span_count(*read()), 90u) << what;
    EXPECT_TRUE(read()->account().value().balanced()) << what;
  }
};

TEST(LostManifest, AnyFlippedBitLosesNothing) {
  size_t size = bytes_of(SealedStore().layout.manifest()).size();
  for (size_t at = 0; at < size; at += 1 + size / 12) {
    SealedStore store;
    std::string manifest = bytes_of(store.layout.manifest());
    at = std::min(at, manifest.size() - 1);
    manifest[at] = static_cast<char>(manifest[at] ^ 1 << at % 8);
    write_bytes(store.layout.manifest(), manifest);
    store.expect_whole("bit flipped in byte " + std::to_string(at));
  }
}

TEST(LostManifest, MissingEmptyOrForeignItIsRebuilt) {
  for (const char* what : {"missing", "empty", "zeros", "text"}) {
    SealedStore store;
    std::string name = what, path = store.layout.manifest();
    if (name == "missing") {
      ASSERT_EQ(unlink(path.c_str()), 0);
    }
    if (name == "empty") write_bytes(path, "");
    if (name == "zeros") write_bytes(path, std::string(bytes_of(path).size(), '\0'));
    if (name == "text") write_bytes(path, "hello\n");
    store.expect_whole(what);
  }
}

TEST(LostManifest, CutAnywhereItIsRebuilt) {
  SealedStore first;
  size_t size = bytes_of(first.layout.manifest()).size();
  for (size_t length = 1; length < size; length += 1 + size / 9) {
    SealedStore store;
    std::string manifest = bytes_of(store.layout.manifest());
    write_bytes(store.layout.manifest(), manifest.substr(0, std::min(length, manifest.size() - 1)));
    store.expect_whole("cut to " + std::to_string(length) + " bytes");
  }
}

TEST(LostManifest, IsKeptAside) {
  SealedStore store;
  write_bytes(store.layout.manifest(), "hello\n");
  store.read();
  EXPECT_EQ(bytes_of(store.layout.manifest() + ".damaged-1"), "hello\n");
}

void remove_side_records(const Layout& layout) {
  for (const std::string& name : names_in(layout.segments()))
    if (name.ends_with(".side")) unlink(layout.segment(name).c_str());
}

// As in recordings from before side records existed.
TEST(LostManifest, WithoutAnySideRecordIsRebuiltFromTheSegmentsThemselves) {
  for (const char* what : {"missing", "damaged", "its last record damaged"}) {
    SealedStore store;
    remove_side_records(store.layout);
    std::string path = store.layout.manifest(), manifest = bytes_of(path);
    if (std::string_view(what) == "missing") {
      ASSERT_EQ(unlink(path.c_str()), 0);
    } else {
      size_t from = std::string_view(what) == "damaged" ? 0 : manifest.size() - 3;
      for (size_t i = from; i < manifest.size(); ++i) manifest[i] = static_cast<char>(manifest[i] ^ 1);
      write_bytes(path, manifest);
    }
    store.expect_whole(what);
    if (std::string_view(what) == "damaged") {
      EXPECT_EQ(bytes_of(path + ".damaged-1"), manifest);
    }
  }
}

TEST(LostManifest, WithoutAnySideRecordWhatMayBeInTheJournalIsNotTakenTwice) {
  Store store;
  store.write({batch_of(1, 10)});
  std::string journal = store.only_journal(), frames = bytes_of(journal);
  EXPECT_EQ(span_count(*store.read()), 30u);
  remove_side_records(store.layout);
  unlink(store.layout.manifest().c_str());
  write_bytes(journal, frames);
  for (int round = 0; round < 2; ++round) {
    auto reader = store.read();
    EXPECT_EQ(span_count(*reader), 30u);
    EXPECT_TRUE(reader->account().value().balanced());
    EXPECT_GT(ledger_count(*reader, "malformed", "file"), 0);
  }
}

TEST(LostManifest, WithoutAnySideRecordADamagedSegmentIsLeftOut) {
  SealedStore store;
  remove_side_records(store.layout);
  unlink(store.layout.manifest().c_str());
  std::set<std::string> before = names_in(store.layout.segments());
  std::string last;
  for (const std::string& name : before)
    if (name.starts_with("span-")) last = name;
  write_bytes(store.layout.segment(last), "PAR1 cut");
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 30u);
  EXPECT_GE(ledger_count(*reader, "malformed", "file"), 2);
  EXPECT_EQ(names_in(store.layout.segments()), before);
}

TEST(LostManifest, WithItsJournalStillThereCountsNothingTwice) {
  for (int step : {2, 3, 4}) {
    Store store;
    store.write({batch_of(1, 10)});
    store.write({batch_of(11, 10)});
    pid_t child = fork();
    if (child == 0) {
      (void)open_reader(store.path, {.die_at_step = step});
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 9);
    unlink(store.layout.manifest().c_str());
    for (int round = 0; round < 2; ++round) {
      auto reader = store.read();
      EXPECT_EQ(span_count(*reader), 60u) << "step " << step;
      EXPECT_TRUE(reader->account().value().balanced()) << "step " << step;
    }
  }
}

TEST(LostManifest, ASegmentWithoutItsRecordIsTakenAndTold) {
  SealedStore store;
  std::set<std::string> sides;
  for (const std::string& name : names_in(store.layout.segments()))
    if (name.starts_with("span-") && name.ends_with(".side")) sides.insert(name);
  unlink(store.layout.segment(*sides.begin()).c_str());
  unlink(store.layout.manifest().c_str());
  std::set<std::string> before = names_in(store.layout.segments());
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 60u);
  EXPECT_TRUE(reader->account().value().balanced());
  EXPECT_GE(ledger_count(*reader, "malformed", "file"), 2);
  EXPECT_EQ(names_in(store.layout.segments()), before);
}

TEST(Sweep, LeavesFilesThatAreNotTheStores) {
  SealedStore store;
  write_bytes(store.layout.segment("notes.txt"), "mine");
  write_bytes(store.layout.segment("span-000001-deadbeef-1.parquet"), "mine too");
  write_bytes(store.layout.journal_file("README"), "mine");
  ASSERT_EQ(mkdir(store.layout.segment("folder").c_str(), 0700), 0);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(span_count(*store.read()), 60u);
    store.write({batch_of(static_cast<uint64_t>(200 + round), 0)});
  }
  EXPECT_EQ(bytes_of(store.layout.segment("notes.txt")), "mine");
  EXPECT_EQ(bytes_of(store.layout.segment("span-000001-deadbeef-1.parquet")), "mine too");
  EXPECT_EQ(bytes_of(store.layout.journal_file("README")), "mine");
  EXPECT_TRUE(path_exists(store.layout.segment("folder")));
}

TEST(Sweep, RemovesWhatTheManifestSupersededAndWhatASealingLeft) {
  Store store;
  Batch orphan;
  orphan.spans.push_back(make_span(1, 1, 99));  // makes a derived ledger segment, which each sealing replaces
  store.write({orphan});
  store.read();
  store.write({batch_of(11, 10)});
  pid_t child = fork();
  if (child == 0) {
    (void)open_reader(store.path, {.die_at_step = 2});
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  size_t with_leftovers = names_in(store.layout.segments()).size();
  EXPECT_EQ(span_count(*store.read()), 31u);
  EXPECT_EQ(span_count(*store.read()), 31u);
  EXPECT_LE(names_in(store.layout.segments()).size(), with_leftovers);
  size_t parquet = 0, sides = 0;
  for (const std::string& name : names_in(store.layout.segments())) {
    parquet += name.ends_with(".parquet");
    sides += name.ends_with(".side");
  }
  EXPECT_EQ(parquet, sides);
  EXPECT_EQ(parquet, read_manifest(store.layout.manifest()).value().segments.size());
}

TEST(DamagedJournal, IsKeptAsideAndReadOnce) {
  for (size_t offset : {2u, 120u}) {  // offsets in the second frame's header and in its payload
    Store store;
    store.write({batch_of(1, 10), batch_of(11, 10), batch_of(21, 10)});
    std::string journal = store.only_journal(), bytes = bytes_of(journal);
    size_t at = bytes.find("\xc1PF1", 4) + offset;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_bytes(journal, bytes);
    for (int round = 0; round < 3; ++round) {
      auto reader = store.read();
      EXPECT_EQ(span_count(*reader), 60u);
      EXPECT_EQ(ledger_count(*reader, "malformed", "frame"), 1);
    }
    EXPECT_FALSE(path_exists(journal));
    EXPECT_EQ(bytes_of(journal + ".damaged"), bytes) << "as it was";
  }
}

TEST(DamagedJournal, ACutTailIsKeptToo) {
  Store store;
  store.write({batch_of(1, 10), batch_of(11, 10)});
  std::string journal = store.only_journal(), bytes = bytes_of(journal);
  bytes.resize(bytes.size() - 5);
  write_bytes(journal, bytes);
  EXPECT_EQ(span_count(*store.read()), 30u);
  EXPECT_EQ(bytes_of(journal + ".damaged"), bytes);
}

TEST(DamagedJournal, WhatALaterVersionWroteIsKept) {
  Store store;
  store.write({batch_of(1, 10)});
  std::string journal = store.only_journal(), bytes = bytes_of(journal);
  FrameHeader header = decode_frame_header(bytes).value();
  ++header.sequence;
  std::string content = encode_batch(batch_of(11, 10)).value();
  content += std::string("\x7d\x01\x02xy", 5);  // section 125, one row, two bytes
  write_bytes(journal, bytes + encode_frame(header, std::string_view(content)).value());
  auto reader = store.read();
  EXPECT_EQ(span_count(*reader), 60u);
  EXPECT_EQ(ledger_count(*reader, "malformed", "value"), 1);
  EXPECT_TRUE(path_exists(journal + ".damaged"));
}

TEST(SideRecord, RefusesWhatIsNone) {
  EXPECT_FALSE(decode_side_record("").has_value());
  EXPECT_FALSE(decode_side_record("PAR1").has_value());
  FrameHeader header{.type = FrameType::Manifest, .sequence = 1, .identity = {}};
  EXPECT_FALSE(decode_side_record(encode_frame(header, std::string_view()).value()).has_value());
}

}  // namespace
}  // namespace culprit
