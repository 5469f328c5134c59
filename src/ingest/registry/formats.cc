#include "ingest/registry/formats.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "ingest/console/console.h"
#include "ingest/jaeger/jaeger.h"
#include "ingest/notation/notation.h"
#include "ingest/otlp/json.h"
#include "ingest/otlp/stream.h"
#include "ingest/zipkin/zipkin.h"

namespace culprit {

namespace {

constexpr const StreamFormat* kStreams[] = {&otlp::kJsonMessages, &otlp::kProtoMessages, &otlp::kProto,
                                            &console::kNode,      &console::kDotnet,     &console::kJava,
                                            &notation::kNotation};
constexpr const DocumentFormat* kDocuments[] = {&otlp::kJson, &jaeger::kJson, &zipkin::kJson, &console::kJson};

}  // namespace

std::span<const StreamFormat* const> stream_formats() { return kStreams; }
std::span<const DocumentFormat* const> document_formats() { return kDocuments; }

std::string format_names() {
  std::vector<std::string_view> names;
  auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const DocumentFormat* format : kDocuments) add(format->name);
  for (const StreamFormat* format : kStreams) add(format->name);
  std::string text;
  for (std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace culprit
