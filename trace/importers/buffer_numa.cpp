// Rows of pg_buffercache_numa of 18 as CSV (spec 9.5): on which node of the machine each OS page of each buffer lies.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "trace/importers/csv_rows.h"
#include "trace/importers/importer.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {
namespace {

enum Column : std::size_t { Id, OsPage, Node, kColumnCount };
constexpr std::array<std::string_view, kColumnCount> kColumns = {"bufferid", "os_page_num", "numa_node"};

// NULL (-1 here) or a negative node: the kernel has none for the page, it is not resident.
core::Result<std::int32_t> read_node(const CsvRows& rows) {
  const std::string_view text = rows.text(Node);
  if (text.empty()) return -1;
  const bool negative = !text.empty() && text.front() == '-';
  const auto number = parse_number(negative ? text.substr(1) : text, negative ? 4095 : 0x7FFF);
  if (!number)
    return rows.error(
        fmt::format("numa_node is \"{:.40}\", which is no node; is this a row of pg_buffercache_numa, "
                    "unchanged?",
                    text));
  const auto node = static_cast<std::int32_t>(*number);
  return negative ? -node : node;
}

}  // namespace

int sniff_buffer_numa(std::string_view head) { return find_csv_header(head, kColumns) ? 99 : 0; }

core::Result<DumpFacts> emit_buffer_numa(TextSource& source, core::EventSink& sink) {
  CsvRows rows(source, kColumns, kColumnCount, "pg_buffercache_numa");
  std::vector<core::BufferNodeReported> pages;
  std::uint64_t buffers = 0;
  while (true) {
    const core::Result<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    if (rows.follows_header() && !pages.empty())
      return rows.error("a second header: only one moment can be in a file of pg_buffercache_numa; cut it there");
    const core::Result<std::uint64_t> id = rows.number(Id, kMostBuffers);
    if (!id) return id.error();
    if (*id == 0)
      return rows.error("bufferid is 0, but buffers count from 1; is this a row of pg_buffercache_numa, unchanged?");
    const core::Result<std::uint64_t> os_page = rows.number(OsPage);
    if (!os_page) return os_page.error();
    const core::Result<std::int32_t> node = read_node(rows);
    if (!node) return node.error();
    buffers = std::max(buffers, *id);
    pages.push_back({core::BufferSlot{static_cast<std::uint32_t>(*id - 1)}, *os_page, *node});
  }
  DumpFacts facts;
  if (pages.empty()) return facts;
  if (buffers > 65536 + 64 * pages.size())
    return rows.error(
        fmt::format("there is a bufferid {}, but there are only {} rows; select all rows of "
                    "pg_buffercache_numa",
                    buffers, pages.size()));
  sink.emit(core::SnapshotBegan{std::string(rows.label()), rows.pid()});
  sink.emit(
      core::BufferPoolCreated{core::PoolSlot{0}, {}, core::BufferSlot{0}, static_cast<std::uint32_t>(buffers), false});
  for (const core::BufferNodeReported& page : pages) sink.emit(page);
  sink.emit(core::SnapshotEnded{rows.cut() ? "the file ends within a row" : ""});
  facts.dumps = 1;
  facts.pg_major = 18;
  facts.origin = "pg_buffercache_numa";
  return facts;
}

}  // namespace palloscope::trace
