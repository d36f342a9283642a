// jsonlog (15 and later): one JSON object a line; `message` holds what a plain log has behind the severity.
#include "trace/importers/importer.h"
#include "trace/importers/json_line.h"
#include "trace/importers/log_dumps.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {

int sniff_json_log(std::string_view head) {
  const std::string_view first_line = head.substr(0, head.find('\n'));
  const std::size_t start = first_line.find_first_not_of(" \t\xEF\xBB\xBF");
  if (start == std::string_view::npos || first_line[start] != '{') return 0;
  const auto has = [&](std::string_view key) { return first_line.find(key) != std::string_view::npos; };
  return has("\"timestamp\"") && has("\"pid\"") && (has("\"message\"") || has("\"error_severity\"")) ? 95 : 0;
}

core::Result<DumpFacts> read_json_log(TextSource& source, const DumpConsumer& consumer) {
  LogDumps dumps(consumer);
  std::string_view line;
  JsonLogLine fields;
  while (source.next_line(line)) {
    if (!parse_json_log_line(line, fields)) continue;  // a cut line; the dump that misses it says so
    LogMessage message;
    message.text = fields.message;
    message.time = fields.timestamp;
    message.pid = static_cast<std::uint32_t>(parse_number(fields.pid, 0xFFFFFFFF).value_or(0));
    message.line_number = source.line_number();
    dumps.take(message);
  }
  dumps.finish();
  return dumps.facts();
}

}  // namespace palloscope::trace
