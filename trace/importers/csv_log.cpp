// csvlog: column 1 is the time, 4 the PID, 14 the message.
#include <algorithm>

#include "trace/importers/csv_reader.h"
#include "trace/importers/importer.h"
#include "trace/importers/log_dumps.h"
#include "trace/importers/log_prefix.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kTime = 0, kPid = 3, kMessage = 13, kFewestColumns = 23;

}  // namespace

int sniff_csv_log(std::string_view head) {
  // A message of several lines may stand first; a few lines will do.
  for (int lines = 0; lines < 50 && !head.empty(); ++lines) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::vector<std::string> fields = split_csv_line(head.substr(0, end), ',');
    if (fields.size() > kMessage && !time_in(fields[kTime]).empty() && parse_number(fields[kPid], 0xFFFFFFFF))
      return 95;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return 0;
}

core::Result<DumpFacts> read_csv_log(TextSource& source, const DumpConsumer& consumer) {
  LogDumps dumps(consumer);
  CsvReader reader(source, ',');
  std::vector<CsvField> record;
  while (true) {
    const core::Result<bool> more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    if (record.size() < kFewestColumns) continue;
    LogMessage message;
    message.text = record[kMessage].text;
    message.time = record[kTime].text;
    message.pid = static_cast<std::uint32_t>(parse_number(record[kPid].text, 0xFFFFFFFF).value_or(0));
    message.line_number = reader.line_number();
    dumps.take(message);
  }
  dumps.finish();
  return dumps.facts();
}

}  // namespace palloscope::trace
