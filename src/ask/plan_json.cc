// EXPLAIN's JSON. Apart from the rest so that simdjson is compiled in one file.
#include <simdjson.h>

#include <algorithm>

#include "ask/plan.h"

namespace culprit::ask {

namespace {

using simdjson::dom::element;

// A plan of more nodes is generated text; what it costs is not decided in its far corners.
constexpr size_t kMaxNodes = 10'000;

std::string text_of(element node, const char* name) {
  std::string_view text;
  return node[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

double number_of(element node, const char* name) {
  double number = 0;
  return node[name].get(number) == simdjson::SUCCESS ? number : 0;
}

Scan scan_of(element node) {
  Scan scan;
  scan.found = true;
  scan.node = text_of(node, "Node Type");
  scan.schema = text_of(node, "Schema");
  scan.relation = text_of(node, "Relation Name");
  scan.alias = text_of(node, "Alias");
  scan.index = text_of(node, "Index Name");
  scan.filter = text_of(node, "Filter");
  scan.condition = text_of(node, "Index Cond");
  if (scan.condition.empty()) scan.condition = text_of(node, "Recheck Cond");
  scan.rows = number_of(node, "Plan Rows");
  return scan;
}

struct Visit {
  element node;
  double loops;  // estimated
};

void push_children(Visit visit, std::vector<Visit>& open) {
  simdjson::dom::array children;
  if (visit.node["Plans"].get(children) != simdjson::SUCCESS) return;
  double outer_rows = 1;
  bool nested_loop = text_of(visit.node, "Node Type") == "Nested Loop";
  for (element child : children) {
    // The cost of a nested loop's inner side is that of one turn.
    bool inner = nested_loop && text_of(child, "Parent Relationship") == "Inner";
    if (!inner) outer_rows = std::max(1.0, number_of(child, "Plan Rows"));
    if (open.size() < kMaxNodes) open.push_back({child, inner ? visit.loops * outer_rows : visit.loops});
  }
}

}  // namespace

Scan dearest_scan(std::string_view explain_json) {
  Scan dearest;
  simdjson::dom::parser parser;
  element document, root;
  if (parser.parse(explain_json.data(), explain_json.size()).get(document) != simdjson::SUCCESS) return dearest;
  if (document.at(0)["Plan"].get(root) != simdjson::SUCCESS) return dearest;
  double dearest_cost = -1;
  std::vector<Visit> open = {{root, 1}};
  for (size_t visited = 0; !open.empty() && visited < kMaxNodes; ++visited) {
    Visit visit = open.back();
    open.pop_back();
    double cost = number_of(visit.node, "Total Cost") * visit.loops;
    bool reads = text_of(visit.node, "Relation Name").size() > 0 && text_of(visit.node, "Node Type") != "ModifyTable";
    if (reads && cost > dearest_cost) {
      dearest = scan_of(visit.node);
      dearest.rows *= visit.loops;
      dearest_cost = cost;
    }
    push_children(visit, open);
  }
  dearest.total_cost = number_of(root, "Total Cost");
  dearest.total_rows = number_of(root, "Plan Rows");
  return dearest;
}

}  // namespace culprit::ask
