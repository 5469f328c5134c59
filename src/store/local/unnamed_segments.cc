#include "store/local/unnamed_segments.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "model/schema.h"
#include "store/duckdb/database.h"
#include "store/duckdb/segment_info.h"
#include "store/files/file.h"
#include "store/local/store_reader.h"

namespace culprit {

namespace {

struct Name {
  std::string generation;  // 000001-6b7061f8
  int number = 0;
};

std::optional<Name> parse(const std::string& name) {
  size_t dash = name.find('-'), last = name.rfind('-');
  if (dash == std::string::npos || last <= dash + 1 || !name.ends_with(".parquet")) return std::nullopt;
  if (name[dash + 1] < '0' || name[dash + 1] > '9') return std::nullopt;
  Name parsed{name.substr(dash + 1, last - dash - 1), 0};
  const char* end = name.data() + name.size() - std::string_view(".parquet").size();
  auto [rest, error] = std::from_chars(name.data() + last + 1, end, parsed.number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return parsed;
}

bool is_table(const std::string& segment) {
  std::string name = segment.substr(0, segment.find('-'));
  const std::vector<TableDoc>& tables = schema();
  return std::any_of(tables.begin(), tables.end(), [&](const TableDoc& table) { return table.name == name; });
}

// Where anything is left in the journal, it may be what these segments were sealed from.
Result<bool> may_be_in_journal(const Layout& layout, const Manifest& manifest) {
  std::vector<std::string> names = TRY(list_directory(layout.journal()));
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    bool sealed = std::find(manifest.journals.begin(), manifest.journals.end(), name) != manifest.journals.end();
    return name.ends_with(".frames") && !sealed;
  });
}

// Whether a sealing was begun and its journal files are still there: they are sealed again.
bool was_cut_off(const Layout& layout, const Manifest& manifest, const std::string& generation) {
  auto intended = manifest.intended.find(generation);
  return intended != manifest.intended.end() &&
         std::any_of(intended->second.begin(), intended->second.end(),
                     [&](const std::string& name) { return path_exists(layout.journal_file(name)); });
}

// What was received stood in the manifest alone. It is taken to be what is here: rows, and rows of the ledger that account for more.
Result<std::vector<Received>> received_of(const Layout& layout, const std::vector<SegmentInfo>& segments) {
  Snapshot snapshot;
  for (const SegmentInfo& info : segments) snapshot.segments.push_back({info, layout.segment(info.file), true});
  std::unique_ptr<StoreReader> reader = TRY(StoreReader::open(std::move(snapshot)));
  Account account = TRY(reader->account());
  UnitCounts sum = account.stored;
  for (auto& [unit, n] : account.accounted) sum[unit] += n;
  std::vector<Received> received;
  for (auto& [unit, n] : sum)
    if (n > 0) received.push_back({"segments", unit, n});
  return received;
}

}  // namespace

std::vector<std::string> unnamed_segments(const Layout& layout, const Manifest& manifest) {
  std::set<std::string> named(manifest.superseded.begin(), manifest.superseded.end());
  for (const SegmentInfo& segment : manifest.segments) named.insert(segment.file);
  auto names = list_directory(layout.segments());
  std::map<std::pair<std::string, int>, std::vector<std::string>> in_order;
  if (!names.has_value()) return {};
  for (const std::string& name : names.value()) {
    auto parsed = parse(name);
    if (parsed && !named.contains(name) && !was_cut_off(layout, manifest, parsed->generation))
      in_order[{parsed->generation, parsed->number}].push_back(name);
  }
  std::vector<std::string> unnamed;
  for (auto& [key, some] : in_order) unnamed.insert(unnamed.end(), some.begin(), some.end());
  return unnamed;
}

Result<Adopted> adopt_segments(const Layout& layout, const Manifest& manifest, const std::vector<std::string>& names) {
  Adopted adopted;
  adopted.left_out = static_cast<int64_t>(names.size());
  if (names.empty() || TRY(may_be_in_journal(layout, manifest))) return adopted;
  std::unique_ptr<Database> database =
      TRY(Database::open({.threads = 1, .memory_limit = "1GB", .temporary_directory = {}, .directories = {}}));
  std::vector<SegmentInfo> whole, untold;  // untold: of sealings whose account no side record has
  for (const std::string& name : names) {
    if (!is_table(name)) continue;
    auto info = read_segment_info(*database, layout.segment(name), name);
    if (!info.has_value()) continue;
    const std::string generation = parse(name)->generation;
    bool told =
        std::find(manifest.generations.begin(), manifest.generations.end(), generation) != manifest.generations.end();
    if (!told) untold.push_back(info.value());
    whole.push_back(std::move(info).value());
  }
  // Each sealing derives ledger rows from the whole store anew: those of the last one count.
  auto stands = [&](const SegmentInfo& info) {
    const std::string last = whole.empty() ? std::string() : parse(whole.back().file)->generation;
    return !info.derived || parse(info.file)->generation == last;
  };
  for (const SegmentInfo& info : whole)
    if (stands(info)) adopted.record.added.push_back(info);
  adopted.left_out -= static_cast<int64_t>(whole.size());
  std::erase_if(untold, [&](const SegmentInfo& info) { return !stands(info); });
  adopted.record.received = TRY(received_of(layout, untold));
  return adopted;
}

}  // namespace culprit
