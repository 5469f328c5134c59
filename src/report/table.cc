#include <algorithm>
#include <cstdio>
#include <ctime>

#include "base/json.h"
#include "base/text.h"
#include "report/paragraph.h"
#include "report/render.h"
#include "report/words.h"

namespace culprit::report {

namespace {

// Returns the contents of a JSON string, or the JSON itself if it is no string; null gives an empty text.
std::string plain(std::string_view json) {
  if (json == "null") return {};
  if (json.size() < 2 || json.front() != '"') return std::string(json);
  std::string text;
  auto code_unit = [&](size_t at) {
    uint32_t unit = 0;
    for (size_t k = at; k < at + 4 && k < json.size(); ++k) {
      char c = json[k];
      unit = unit << 4 | static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return unit;
  };
  for (size_t i = 1; i + 1 < json.size(); ++i) {
    if (json[i] != '\\') {
      text += json[i];
      continue;
    }
    switch (json[++i]) {
      case 'n': text += '\n'; break;
      case 't': text += '\t'; break;
      case 'r': text += '\r'; break;
      case 'b': text += '\b'; break;
      case 'f': text += '\f'; break;
      case 'u':  // JsonWriter escapes control characters only, all below 0x80
        text += static_cast<char>(code_unit(i + 1) & 0x7f);
        i += 4;
        break;
      default: text += json[i];
    }
  }
  return text;
}

// Converts a time in DuckDB's format, "2026-01-01 00:00:00.5+00", to the zone of the process. Other texts are unchanged
// ("infinity", years before Christ).
std::string in_local_zone(const std::string& utc) {
  std::tm parts{};
  const char* rest = strptime(utc.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  if (rest == nullptr) return utc;
  std::string_view fraction(rest);
  if (!fraction.ends_with("+00")) return utc;
  fraction.remove_suffix(3);
  time_t when = timegm(&parts);
  if (localtime_r(&when, &parts) == nullptr) return utc;
  char text[80];
  size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  long minutes = std::abs(parts.tm_gmtoff) / 60;
  char zone[16];
  std::snprintf(zone, sizeof zone, minutes % 60 == 0 ? "%c%02ld" : "%c%02ld:%02ld", parts.tm_gmtoff < 0 ? '-' : '+',
                minutes / 60, minutes % 60);
  return std::string(text, length) + std::string(fraction) + zone;
}

std::string cell_text(const std::string& json, std::string_view type, const Look& look) {
  std::string text = plain(json);
  return type == "TIMESTAMPTZ" && look.zone == Zone::Local ? in_local_zone(text) : text;
}

bool is_number(std::string_view type) {
  return type.find("INT") != std::string_view::npos || type == "DOUBLE" || type == "FLOAT" ||
         type.starts_with("DECIMAL");
}

std::string csv_field(const std::string& text, bool number) {
  std::string field = text;
  // A spreadsheet would run a value that begins like a formula.
  if (!number && !field.empty() && std::string_view("=+-@\t\r").find(field[0]) != std::string_view::npos)
    field.insert(0, "'");
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string table_text(const Table& table, const Look& look) {
  std::vector<size_t> widths;
  for (const auto& column : table.columns) widths.push_back(display_width(printable(column.name)));
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : table.rows) {
    cells.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      cells.back().push_back(printable(cell_text(row[i], table.columns[i].type, look)));
      widths[i] = std::max(widths[i], display_width(cells.back().back()));
    }
  }
  size_t total = 0;
  for (size_t width : widths) total += width + 2;
  size_t room = static_cast<size_t>(look.width);
  while (total > room + 2) {  // the widest column is narrowed, one column at a time
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= 6) break;
    --*widest, --total;
  }
  std::string text;
  auto put = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string cell = fitted(row[i], widths[i]);
      std::string gap(widths[i] - display_width(cell), ' ');
      line += is_number(table.columns[i].type) ? gap + cell : cell + gap;
      line += "  ";
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += fitted(line, room) + "\n";
  };
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(printable(column.name));
  put(names);
  for (const auto& row : cells) put(row);
  if (table.capped) text += "… cut after " + plural(static_cast<int64_t>(table.rows.size()), "row") + "\n";
  return text;
}

std::string table_json(const Table& table) {
  JsonWriter json(JsonWriter::Style::Compact);
  json.begin_object().member("schema", "culprit.sql/1").key("columns").begin_array();
  for (const auto& column : table.columns)
    json.begin_object().member("name", column.name).member("type", column.type).end_object();
  json.end_array().key("rows").begin_array();
  for (const auto& row : table.rows) {
    json.begin_object();
    for (size_t i = 0; i < row.size(); ++i) json.key(table.columns[i].name).raw(row[i]);
    json.end_object();
  }
  json.end_array();
  if (table.capped) json.member("capped", true);
  json.end_object();
  return json.take() + "\n";
}

std::string table_ndjson(const Table& table) {
  std::string text;
  for (const auto& row : table.rows) {
    JsonWriter json;
    json.begin_object();
    for (size_t i = 0; i < row.size(); ++i) json.key(table.columns[i].name).raw(row[i]);
    json.end_object();
    text += json.take() + "\n";
  }
  return text;
}

std::string table_csv(const Table& table, const Look& look) {
  auto shown = [&](const std::string& field) { return look.terminal ? printable(field) : field; };
  std::string text;
  for (size_t i = 0; i < table.columns.size(); ++i)
    text += (i ? "," : "") + csv_field(shown(table.columns[i].name), false);
  text += "\r\n";  // RFC 4180
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i)
      text += (i ? "," : "") +
              csv_field(shown(cell_text(row[i], table.columns[i].type, look)), is_number(table.columns[i].type));
    text += "\r\n";
  }
  return text;
}

}  // namespace culprit::report
